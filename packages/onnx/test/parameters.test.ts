// What a node is told is known, or refused by name: nothing is ignored.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  factsOf,
  GraphBuilder,
  inferShapes,
  read,
  supportedOperators,
  type Attribute,
  type Parameters,
} from '../src/index.js';
import { errorOf, graph, info, node } from './build.js';

const FOLDER = '/usr/share/libonnx-testdata/data/node';
const installed = existsSync(FOLDER);

const told = (op: string, attributes: Record<string, number | string | Attribute>) =>
  errorOf(() =>
    inferShapes(
      graph({
        inputs: [info('x', [1, 4, 8, 8])],
        outputs: [info('y')],
        nodes: [node(op, ['x'], ['y'], attributes)],
      }),
    ),
  );

describe('an attribute', () => {
  it.each([
    ['MaxPool', 'ceilmode', 1, /MaxPool ".*it has the attribute ceilmode.*ceil_mode/],
    ['Relu', 'alpha', { type: 'float', value: 0.1 } as const, /Relu ".*the attribute alpha/],
    ['Softmax', 'axes', 1, /Softmax ".*the attribute axes/],
  ])('of %s that nobody knows is refused: %s', (op, name, value, message) => {
    expect(told(op, { [name]: value })).toMatchObject({
      code: 'E_OP_UNSUPPORTED',
      message: expect.stringMatching(message) as string,
    });
  });

  it.each([
    ['MaxPool', 'auto_pad', 'SAME'],
    ['AveragePool', 'auto_pad', 'same_upper'],
    ['Pad', 'mode', 'mirror'],
    ['Resize', 'nearest_mode', 'round'],
    ['DepthToSpace', 'mode', 'RCD'],
    ['Gelu', 'approximate', 'erf'],
  ])('of %s with a text that it does not have is refused: %s = %s', (op, name, value) => {
    const { code, message } = told(op, { [name]: value });
    expect(code).toBe('E_OP_UNSUPPORTED');
    expect(message).toMatch(new RegExp(`${op} ".*its ${name} is "${value}"`));
  });

  it('of another type is refused', () => {
    const { code, message } = told('LeakyRelu', { alpha: 1 });
    expect(code).toBe('E_ONNX_INVALID');
    expect(message).toMatch(/alpha must be of type float, but is of type int/);
  });

  it('that a runtime noted down for itself is nobody else’s', () => {
    expect(told('Relu', { __fused: 1 }).code).toBe('no error');
  });

  it('that an operator needs must be there', () => {
    const { code, message } = told('Concat', {});
    expect(code).toBe('E_ONNX_INVALID');
    expect(message).toMatch(/Concat ".*axis is missing/);
  });
});

describe('automatic padding that runtimes understand differently is refused by name', () => {
  const refusal = (op: string, parameters: Parameters, weights?: number[]): string =>
    errorOf(() => {
      const b = new GraphBuilder({ opset: 19 });
      const inputs = [b.input('x', [1, 4, 8, 8]), ...(weights ? [b.input('w', weights)] : [])];
      b.shape(b.emit(op, inputs, parameters));
    }).message;

  it.each(['MaxPool', 'AveragePool', 'LpPool'])('%s with dilations', (op) => {
    const window = { kernel_shape: [2, 2], auto_pad: 'SAME_UPPER' };
    expect(refusal(op, { ...window, dilations: [1, 2] })).toMatch(
      new RegExp(`${op} ".*auto_pad SAME_UPPER with dilations \\[1, 2\\]`),
    );
    expect(refusal(op, { ...window, dilations: [1, 1] })).toBe('');
  });

  it('ConvTranspose with strides that its kernel does not fill', () => {
    const window = { auto_pad: 'SAME_LOWER', strides: [2, 3] };
    expect(refusal('ConvTranspose', window, [4, 2, 2, 2])).toMatch(
      /ConvTranspose ".*strides of 3 with a kernel of 2 \(spatial axis 1\)/,
    );
    expect(refusal('ConvTranspose', window, [4, 2, 2, 3])).toBe('');
    expect(refusal('ConvTranspose', { ...window, output_padding: [0, 1] }, [4, 2, 2, 2])).toBe('');
  });
});

describe.skipIf(!installed)('the ONNX suite', () => {
  it('tells nodes nothing that is not known, and has operators in the versions that the rows say', () => {
    const known = new Set(supportedOperators());
    const refused: string[] = [];
    for (const name of readdirSync(FOLDER)) {
      const file = readFileSync(`${FOLDER}/${name}/model.onnx`);
      const { message, code } = errorOf(() => {
        const found = read(file);
        for (const { op } of found.nodes) {
          const { since = 1, until = Infinity } = factsOf({ op });
          if (known.has(op) && (found.opset < since || found.opset > until)) {
            refused.push(`${name}: ${op} in version ${found.opset}`);
          }
        }
        inferShapes(found);
      });
      if (code === 'E_OP_UNSUPPORTED' && /the attribute|its \w+ is "/.test(message)) {
        refused.push(`${name}: ${message}`);
      }
    }
    expect(refused).toEqual([]);
  });
});
