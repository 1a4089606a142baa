import { differentiate, trainingMode, type PoolLowering } from '@convlens/autodiff';
import { float32, GraphBuilder, type Graph, type Argument, type TensorData } from '@convlens/onnx';

/** How weights follow their gradients. */
export type Rule =
  | { readonly kind: 'sgd'; readonly lr: number }
  | {
      readonly kind: 'adam';
      readonly lr: number;
      readonly betas: readonly [number, number];
      readonly eps: number;
    };

/** A step of training as one graph: a batch x and classes t go in, the loss comes out, everything else is carried. */
export interface StepGraph {
  readonly graph: Graph;
  readonly carry: Readonly<Record<string, string>>;
  readonly initial: Readonly<Record<string, TensorData>>;
  readonly loss: string;
  /** Gradients by weight. */
  readonly gradients: Readonly<Record<string, string>>;
}

/** Cross-entropy of a network's scores, its gradients, and what becomes of the weights. */
export function stepGraph(
  network: Graph,
  batch: number,
  rule: Rule,
  pool: PoolLowering,
): StepGraph {
  const { graph: training, running, averages } = trainingMode(network, { batch });
  const forward = new GraphBuilder(training);
  const scores = training.outputs[0]!.name;
  const classes = forward.input('t', [batch], 'int64');
  const [loss] = forward.emitAll('SoftmaxCrossEntropyLoss', [scores, classes], ['loss']);
  const wrt = [...network.initializers].flatMap(([name, { dtype }]) =>
    dtype === 'float32' && !averages.has(name) ? [name] : [],
  );
  const { graph, gradients } = differentiate(forward.finish([scores, loss!]), {
    of: 'loss',
    wrt,
    outputs: Object.values(running),
    weights: 'inputs',
    pool,
  });
  const b = new GraphBuilder(graph, { scope: 'update' });
  const carry: Record<string, string> = { ...running };
  const initial: Record<string, TensorData> = Object.fromEntries(averages);
  /** An input that the next step is fed what this one makes of it. */
  const state = (name: string, shape: readonly number[], next: (old: string) => string): string => {
    const old = b.input(name, shape);
    initial[old] = zeros(shape);
    return (carry[old] = next(old));
  };
  const average = (old: string, by: Argument, share: number): string =>
    b.emit('Add', [b.emit('Mul', [old, share]), by]);
  // c = 1 - beta^step, as c beta + (1 - beta): 1 - beta^step itself would lose digits at first.
  const corrections =
    rule.kind === 'adam'
      ? rule.betas.map((beta, i) =>
          state(`correction/${i}`, [1], (old) => average(old, 1 - beta, beta)),
        )
      : [];
  for (const name of wrt) {
    const weight = network.initializers.get(name)!;
    initial[name] = weight;
    const g = gradients[name]!;
    if (rule.kind === 'sgd') {
      carry[name] = b.emit('Sub', [name, b.emit('Mul', [g, rule.lr])]);
      continue;
    }
    const [b1, b2] = rule.betas;
    const part = (of: string, share: number): string => b.emit('Mul', [of, 1 - share]);
    const square = b.emit('Mul', [g, g]);
    const m = state(`m/${name}`, weight.shape, (old) => average(old, part(g, b1), b1));
    const v = state(`v/${name}`, weight.shape, (old) => average(old, part(square, b2), b2));
    const mean = b.emit('Div', [m, corrections[0]!]);
    const root = b.emit('Sqrt', [b.emit('Div', [v, corrections[1]!])]);
    const slope = b.emit('Div', [mean, b.emit('Add', [root, rule.eps])]);
    carry[name] = b.emit('Sub', [name, b.emit('Mul', [slope, rule.lr])]);
  }
  for (const next of Object.values(carry)) b.output(next);
  return { graph: b.finish(), carry, initial, loss: 'loss', gradients };
}

const zeros = (shape: readonly number[]): TensorData =>
  float32(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
