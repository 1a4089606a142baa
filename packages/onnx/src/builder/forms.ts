import type { Parameters } from './attribute.js';
import type { GraphBuilder } from './graph-builder.js';

/**
 * What an operator is written as where an older operator set has it in another form than parameters in another place: other
 * parameters, or the name of a value that other nodes made; `undefined` where it is written as it stands.
 */
type Form = (
  b: GraphBuilder,
  inputs: string[],
  parameters: Parameters,
  outputs: number,
) => Parameters | string | undefined;

/** Before version 13 all axes from the named one on were normalised together: only the last is by itself there. */
const alongAxis =
  (op: string): Form =>
  (b, [x], { axis = -1 }) => {
    if (b.opset >= 13) return undefined;
    const rank = b.info(x!)?.shape?.length;
    const at = Number(axis) < 0 && rank !== undefined ? Number(axis) + rank : Number(axis);
    if (at === -1 || rank === at + 1) return { axis: at };
    const order = Array.from({ length: rank ?? b.shape(x!).length }, (_, i) => i);
    order[at] = order.length - 1;
    order[order.length - 1] = at;
    const turned = b.emit('Transpose', [x!], { perm: order });
    return b.emit('Transpose', [b.emit(op, [turned], { axis: -1 })], { perm: order });
  };

const FORMS: Readonly<Record<string, Form>> = {
  Softmax: alongAxis('Softmax'),
  LogSoftmax: alongAxis('LogSoftmax'),
  Hardmax: alongAxis('Hardmax'),

  /** Before version 14 that the running averages are outputs says that it trains. */
  BatchNormalization: (b, _, { training_mode: training, ...rest }, outputs) =>
    b.opset < 14 && training === 1 && outputs > 1 ? rest : undefined,

  /** Before version 11 the inputs are the picture and its scales; before 13 the region of interest cannot be left out. */
  Resize: (b, inputs, { scales, ...rest }) => {
    if (b.opset >= 13) return undefined;
    if (b.opset >= 11) {
      const none = { dtype: 'float32', shape: [0], data: new Float32Array() } as const;
      inputs[1] ??= b.constant(none, 'no_region');
      if (rest.sizes !== undefined) inputs[2] ??= b.constant(none, 'no_scales');
      return undefined;
    }
    if (!Array.isArray(scales)) return undefined;
    const list = Float32Array.from(scales as readonly number[]);
    inputs[1] = b.constant({ dtype: 'float32', shape: [list.length], data: list }, 'scales');
    return rest;
  },
};

/**
 * What an operator is written as in the builder's operator set; see `Form`.
 *
 * @param b where to emit
 * @param op the operator
 * @param inputs its values; others may be put behind them
 * @param parameters what it is told
 * @param outputs how many outputs it has
 */
export function formOf(
  b: GraphBuilder,
  op: string,
  inputs: string[],
  parameters: Parameters,
  outputs: number,
): Parameters | string | undefined {
  return Object.hasOwn(FORMS, op) ? FORMS[op]!(b, inputs, parameters, outputs) : undefined;
}
