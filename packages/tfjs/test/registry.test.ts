// Nothing about an operator may be left out silently: each is lowered or has a reason for not being, and no lowering ignores what
// a node is told.
import { factsOf, GraphBuilder, supportedOperators, type Graph, type Node } from '@convlens/onnx';
import { describe, expect, it, vi } from 'vitest';
import type { Builder } from '../src/builder.js';
import { installed, suiteCases, withConstants } from '../../autodiff/test/support/onnx-suite.js';
import { GPU_TRAITS, loweredOperators, OWN_WASM_TRAITS, planGraph } from '../src/index.js';
import type * as Registry from '../src/lower/registry.js';
import { missingOperators } from '../src/lower/registry.js';
import type { Lowering } from '../src/lower/lowering.js';

/** What lowerings read of the attributes, by operator. */
const read = vi.hoisted(() => new Map<string, Set<string>>());

vi.mock('../src/lower/registry.js', async (importActual) => {
  const actual = await importActual<typeof Registry>();
  const loweringOf = (op: string): Lowering | undefined => {
    const lowering = actual.loweringOf(op);
    return lowering && ((b: Builder, node: Node) => lowering(b, watched(node)));
  };
  return { ...actual, loweringOf };
});

function watched(node: Node): Node {
  const names = read.get(node.op) ?? new Set();
  read.set(node.op, names);
  const attributes = new Proxy(node.attributes, {
    get: (target, name: string) => {
      names.add(name);
      return target[name];
    },
  });
  return { ...node, attributes };
}

const SHAPES = 'the shapes tell';
/** What kernel calls do not depend on, and why. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  'ArgMax keepdims': SHAPES,
  'ArgMin keepdims': SHAPES,
  'AveragePool ceil_mode': SHAPES,
  'BatchNormalization momentum': 'the running averages are not computed',
  'BatchNormalization spatial': 'version 17 does not have it',
  'Cast round_mode': 'there are no narrow floats',
  'Cast saturate': 'there are no narrow floats',
  'Cast to': 'the types tell',
  'Conv kernel_shape': SHAPES,
  'ConvTranspose kernel_shape': SHAPES,
  'Flatten axis': SHAPES,
  'MaxPool ceil_mode': SHAPES,
  'MaxPool storage_order': 'indices are refused',
  'ReduceLogSumExp keepdims': SHAPES,
  'Reshape allowzero': SHAPES,
  'Resize extrapolation_value': 'only tf_crop_and_resize has it, which is refused',
  'Split num_outputs': SHAPES,
};

describe('every operator that has a shape', () => {
  it.each(supportedOperators())('%s', (op) => {
    const known = [loweredOperators().includes(op), missingOperators().includes(op)];
    expect(known.filter(Boolean)).toHaveLength(1);
  });

  it('and no other is lowered', () => {
    const supported = new Set(supportedOperators());
    expect(loweredOperators().filter((op) => !supported.has(op))).toEqual([]);
  });
});

/** Operators that the suite does not have in every version, or in other types only. */
const FURTHER: Readonly<Record<string, (b: GraphBuilder, x: string) => string>> = {
  BatchNormalization: (b, x) => {
    const ones = b.numbers([1, 1, 1, 1], [4], x);
    return b.emit('BatchNormalization', [x, ones, ones, ones, ones], { epsilon: 0.1 });
  },
  And: (b, x) => b.emit('And', [b.emit('Greater', [x, 0]), b.emit('Less', [x, 1])]),
  Cast: (b, x) => b.cast(x, 'int32'),
  Gelu: (b, x) => b.emit('Gelu', [x], { approximate: 'tanh' }),
  GlobalAveragePool: (b, x) => b.emit('GlobalAveragePool', [x]),
  GlobalMaxPool: (b, x) => b.emit('GlobalMaxPool', [x]),
  InstanceNormalization: (b, x) => {
    const ones = b.numbers([1, 1, 1, 1], [4], x);
    return b.emit('InstanceNormalization', [x, ones, ones], { epsilon: 0.1 });
  },
  Mish: (b, x) => b.emit('Mish', [x]),
  Not: (b, x) => b.emit('Not', [b.emit('Greater', [x, 0])]),
  ReduceLogSumExp: (b, x) => b.emit('ReduceLogSumExp', [x], { keepdims: 0 }),
  Selu: (b, x) => b.emit('Selu', [x], { alpha: 1.5 }),
  Softplus: (b, x) => b.emit('Softplus', [x]),
  Softsign: (b, x) => b.emit('Softsign', [x]),
  Swish: (b, x) => b.emit('Swish', [x], { alpha: 2 }),
};

function further(): Graph[] {
  return Object.values(FURTHER).map((write) => {
    const b = new GraphBuilder({ opset: 24 });
    b.output(write(b, b.input('x', [2, 4, 6, 6])));
    return b.finish();
  });
}

describe.skipIf(!installed)('lowerings', () => {
  it('ignore nothing that a node is told', () => {
    for (const each of [...suiteCases(), ...further()]) {
      for (const traits of [GPU_TRAITS, OWN_WASM_TRAITS]) {
        try {
          const graph = typeof each === 'string' ? withConstants(each) : each;
          planGraph(graph, { runtime: 'tfjs', traits });
        } catch (error) {
          // Cases that are refused are none of this, as long as they are refused by name.
          expect(error).toMatchObject({ name: 'LensError' });
        }
      }
    }
    const ignored = [...read].flatMap(([op, names]) =>
      Object.entries(factsOf({ op }).parameters ?? {})
        // What became an input is read by its number.
        .filter(([name, row]) => !names.has(name) && !(typeof row === 'object' && 'input' in row))
        .map(([name]) => `${op} ${name}`),
    );
    expect(ignored.sort()).toEqual(Object.keys(WITHOUT_EFFECT).sort());
    expect(loweredOperators().filter((op) => !read.has(op))).toEqual([]);
  });
});
