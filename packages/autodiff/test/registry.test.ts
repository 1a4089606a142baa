// Nothing about an operator may be left out silently: each has a derivative or a reason for having none, and no rule ignores
// what a node is told.
import { factsOf, GraphBuilder, inferShapes, supportedOperators, type Graph } from '@convlens/onnx';
import { describe, expect, it, vi } from 'vitest';
import { differentiableOperators, vjp } from '../src/index.js';
import { gapOf, isFlat } from '../src/registry.js';
import type * as Registry from '../src/registry.js';
import type { Rule, Step } from '../src/rule.js';
import { installed, suiteCases, withConstants } from './support/onnx-suite.js';

/** What rules read of the attributes, by operator. */
const read = vi.hoisted(() => new Map<string, Set<string>>());

vi.mock('../src/registry.js', async (importActual) => {
  const actual = await importActual<typeof Registry>();
  const ruleOf = (op: string): Rule | undefined => {
    const rule = actual.ruleOf(op);
    return rule && ((step: Step) => rule(watched(step)));
  };
  return { ...actual, ruleOf };
});

function watched(step: Step): Step {
  const { node } = step;
  const names = read.get(node.op) ?? new Set();
  read.set(node.op, names);
  const attributes = new Proxy(node.attributes, {
    get: (target, name: string) => {
      names.add(name);
      return target[name];
    },
  });
  return Object.assign(Object.create(step) as Step, { node: { ...node, attributes } });
}

const SHAPES = 'the shapes tell';
const PRECISION = 'only how exactly it is computed';
/** What derivatives do not depend on, and why. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  'AveragePool ceil_mode': SHAPES,
  'BatchNormalization momentum': 'the running averages have no derivative',
  'BatchNormalization spatial': 'version 17 does not have it',
  'Cast round_mode': PRECISION,
  'Cast saturate': PRECISION,
  'Cast to': 'the types tell',
  'CastLike round_mode': PRECISION,
  'CastLike saturate': PRECISION,
  'Conv kernel_shape': SHAPES,
  'ConvTranspose kernel_shape': SHAPES,
  'Dropout seed': 'nothing is dropped',
  'Flatten axis': SHAPES,
  'GroupNormalization stash_type': PRECISION,
  'HardSigmoid beta': 'the output tells where it is flat',
  'LayerNormalization stash_type': PRECISION,
  'MaxPool ceil_mode': SHAPES,
  'RMSNormalization stash_type': PRECISION,
  'Reduce* keepdims': SHAPES,
  'Reshape allowzero': SHAPES,
  'Resize extrapolation_value': 'only tf_crop_and_resize has it, which is refused',
  'Shrink bias': 'it is added',
  'Split num_outputs': SHAPES,
  'TopK largest': 'the indices tell',
  'TopK sorted': 'the indices tell',
};

/** Operators that the suite does not have in every version, or in other types only. */
const FURTHER: Readonly<Record<string, (b: GraphBuilder, x: string) => string>> = {
  CumSum: (b, x) => b.emit('CumSum', [x, b.integers([1])], { reverse: 1 }),
  Einsum: (b, x) => b.emit('Einsum', [x], { equation: 'abcd->ab' }),
  Gelu: (b, x) => b.emit('Gelu', [x], { approximate: 'tanh' }),
  GlobalAveragePool: (b, x) => b.emit('GlobalAveragePool', [x]),
  GlobalLpPool: (b, x) => b.emit('GlobalLpPool', [x], { p: 3 }),
  GlobalMaxPool: (b, x) => b.emit('GlobalMaxPool', [x]),
  GroupNormalization: (b, x) =>
    b.emit('GroupNormalization', [x, b.input('s', [4]), b.input('t', [4])], { num_groups: 2 }),
  InstanceNormalization: (b, x) =>
    b.emit('InstanceNormalization', [x, b.input('s', [4]), b.input('t', [4])], { epsilon: 0.1 }),
  LpNormalization: (b, x) => b.emit('LpNormalization', [x], { p: 1, axis: 1 }),
  LpPool: (b, x) => b.emit('LpPool', [x], { kernel_shape: [2, 2], p: 3 }),
  Mish: (b, x) => b.emit('Mish', [x]),
  RMSNormalization: (b, x) => b.emit('RMSNormalization', [x, b.input('s', [6])], { axis: -1 }),
  ReduceLogSumExp: (b, x) => b.emit('ReduceLogSumExp', [x], { keepdims: 0 }),
  Selu: (b, x) => b.emit('Selu', [x], { alpha: 1.5 }),
  Softplus: (b, x) => b.emit('Softplus', [x]),
  Softsign: (b, x) => b.emit('Softsign', [x]),
  Swish: (b, x) => b.emit('Swish', [x], { alpha: 2 }),
  Trilu: (b, x) => b.emit('Trilu', [x], { upper: 0 }),
};

function further(): Graph[] {
  return Object.values(FURTHER).map((write) => {
    const b = new GraphBuilder({ opset: 24 });
    b.output(write(b, b.input('x', [2, 4, 6, 6])));
    return b.finish();
  });
}

describe('every operator that has a shape', () => {
  it.each(supportedOperators())('%s', (op) => {
    const known = [differentiableOperators().includes(op), isFlat(op), gapOf(op) !== undefined];
    expect(known.filter(Boolean)).toHaveLength(1);
  });

  it('and no other has a derivative', () => {
    const supported = new Set(supportedOperators());
    expect(differentiableOperators().filter((op) => !supported.has(op))).toEqual([]);
  });
});

describe.skipIf(!installed)('rules', () => {
  it('ignore nothing that a node is told', () => {
    for (const each of [...suiteCases(), ...further()]) {
      try {
        const typed = inferShapes(typeof each === 'string' ? withConstants(each) : each);
        const wrt = typed.inputs.flatMap(({ name, dtype }) => (dtype === 'float32' ? [name] : []));
        const cotangents = { [typed.outputs[0]!.name]: { input: 'dy' } };
        for (const pool of ['indices', 'portable'] as const) {
          vjp(typed, { cotangents, wrt, pool });
        }
      } catch (error) {
        // Cases of operators and types that Convlens does not know are none of this.
        expect(error).toMatchObject({ name: 'LensError' });
      }
    }
    const ignored = [...read].flatMap(([op, names]) =>
      Object.entries(factsOf({ op }).parameters ?? {})
        // What became an input is read by its number.
        .filter(([name, row]) => !names.has(name) && !(typeof row === 'object' && 'input' in row))
        .map(([name]) => `${op.startsWith('Reduce') ? 'Reduce*' : op} ${name}`),
    );
    expect([...new Set(ignored)].sort()).toEqual(Object.keys(WITHOUT_EFFECT).sort());
    expect(differentiableOperators().filter((op) => !read.has(op))).toEqual([]);
  });
});
