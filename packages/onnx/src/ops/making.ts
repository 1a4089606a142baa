import { broadcastDims, multiplyDims } from '../dims.js';
import { dtypeName, dtypeOf } from '../dtypes.js';
import { constantOf } from '../constant.js';
import { broadcastTo, isSymbolic, ofDims, settle } from '../operand.js';
import type { Dim } from '../graph.js';
import type { DType, TensorData } from '../tensor.js';
import { cast } from './elements.js';
import { moved } from './facts.js';
import {
  elementsOf,
  fail,
  input,
  int,
  keepsShape,
  likeFirst,
  list,
  shapeOf,
  show,
  unknownDim,
  type Call,
  type Rule,
  type Rules,
} from './rule.js';

/** The element type that an attribute asks for by its ONNX number. */
function typeAttribute(call: Call, name: string, fallback: DType | undefined): DType {
  const code = int(call, name, 0);
  const dtype = code ? dtypeOf(code) : fallback;
  if (dtype) return dtype;
  return fail(
    call,
    `it makes elements of type ${dtypeName(code)}, which Convlens does not handle.`,
    'E_OP_UNSUPPORTED',
  );
}

/** The part of the shape that the Shape operator gives. */
function shapePart(call: Call): readonly Dim[] {
  const shape = shapeOf(call, 0);
  const end = call.node.attributes.end?.value as number | undefined;
  return shape.slice(int(call, 'start', 0), end);
}

/** A shape given as a constant, or one of unknown extents when only its rank is known. */
function asShape(call: Call, index: number): readonly Dim[] | undefined {
  const known = list(call, 'shape', index);
  if (known) return known;
  const rank = input(call, index).shape[0];
  if (typeof rank !== 'number') return undefined;
  return Array.from({ length: rank }, (_, axis) => unknownDim(call, axis));
}

function filler(call: Call): TensorData {
  const value = call.node.attributes.value;
  if (value?.type === 'tensor') return value.value;
  return { dtype: 'float32', shape: [1], data: Float32Array.of(0) };
}

/** How floats are rounded to the narrowest types. */
const ROUND = ['up', 'down', 'nearest'];

const identity: Rule = {
  role: 'plumbing',
  pointwise: true,
  float16: true,
  tame: true,
  passes: () => true,
  infer: likeFirst,
  evaluate: (call) => input(call, 0).constant,
};

/** Bounds and step of Range, when they are plain numbers. */
function rangeOf(call: Call): [number, number, number] | undefined {
  const parts = call.inputs.slice(0, 3).map((x) => x?.constant?.data[0]);
  if (parts.some((v) => v === undefined || typeof v === 'string')) return undefined;
  return parts.map(Number) as [number, number, number];
}

/** Operators that make constants, tell shapes or change the element type. */
export const making: Rules = {
  Identity: identity,
  Constant: {
    parameters: {
      sparse_value: 'tensor',
      value: 'tensor',
      value_float: 'float',
      value_floats: 'floats',
      value_int: 'int',
      value_ints: 'ints',
      value_string: 'string',
      value_strings: 'strings',
    },
    infer: (call) => [constantOf(call.node)],
    evaluate: (call) => constantOf(call.node),
  },
  ConstantOfShape: {
    since: 9,
    parameters: { value: 'tensor' },
    infer: (call) => [{ dtype: filler(call).dtype, shape: asShape(call, 0) }],
    evaluate(call) {
      const shape = list(call, 'shape', 0);
      if (!shape?.every((extent) => typeof extent === 'number')) return undefined;
      return broadcastTo({ ...filler(call), shape: [] }, shape);
    },
  },
  Shape: {
    parameters: { start: 'int', end: 'int' },
    infer: (call) => [{ dtype: 'int64', shape: [shapePart(call).length] }],
    onlyShapes: true,
    evaluate: (call) => ofDims(shapePart(call)),
  },
  Size: {
    infer: () => [{ dtype: 'int64', shape: [] }],
    onlyShapes: true,
    evaluate: (call) => ofDims([multiplyDims(shapeOf(call, 0))], []),
  },
  Cast: {
    parameters: { to: 'int', saturate: 'int', round_mode: ROUND },
    role: 'plumbing',
    pointwise: true,
    passes: (call, { dtype }) => dtype === input(call, 0).dtype,
    infer: (call) => [{ dtype: typeAttribute(call, 'to', undefined), shape: shapeOf(call, 0) }],
    evaluate: (call) => cast(elementsOf(call, 0), typeAttribute(call, 'to', undefined)),
  },
  CastLike: {
    since: 15,
    parameters: { saturate: 'int', round_mode: ROUND },
    pointwise: true,
    infer: (call) => [{ dtype: input(call, 1).dtype, shape: shapeOf(call, 0) }],
    evaluate: (call) => cast(elementsOf(call, 0), input(call, 1).dtype),
  },
  Range: {
    since: 11,
    infer(call) {
      const { dtype } = input(call, 0);
      const range = rangeOf(call);
      if (!range) return [{ dtype, shape: [unknownDim(call, 0)] }];
      return [{ dtype, shape: [Math.max(0, Math.ceil((range[1] - range[0]) / range[2]))] }];
    },
    evaluate(call) {
      const range = rangeOf(call);
      if (!range) return undefined;
      const [start, end, step] = range;
      const length = Math.max(0, Math.ceil((end - start) / step));
      const values = Float64Array.from({ length }, (_, i) => start + i * step);
      return cast({ dtype: 'float64', shape: [length], data: values }, input(call, 0).dtype);
    },
  },
  EyeLike: {
    since: 9,
    parameters: { dtype: 'int', k: 'int' },
    infer: (call) => [
      { dtype: typeAttribute(call, 'dtype', input(call, 0).dtype), shape: shapeOf(call, 0, 2) },
    ],
  },
  Expand: {
    since: 8,
    parameters: { shape: moved('ints', 1, 8) },
    role: 'plumbing',
    tame: true,
    passes: keepsShape,
    infer(call) {
      const { dtype, shape } = input(call, 0);
      const wanted = asShape(call, 1);
      if (!wanted) return [{ dtype, shape: undefined }];
      const out = broadcastDims([shape, wanted]);
      if (out) return [{ dtype, shape: out }];
      return fail(call, `${show(shape)} does not expand to ${show(wanted)}.`);
    },
    evaluate(call) {
      const source = elementsOf(call, 0);
      const wanted = list(call, 'shape', 1) ?? [];
      const out = broadcastDims([source.shape, wanted]);
      if (!out?.every((extent) => typeof extent === 'number')) return undefined;
      const expanded = broadcastTo(source, out);
      return isSymbolic(expanded) ? settle(expanded) : expanded;
    },
  },
  Dropout: {
    parameters: { ratio: moved('float', 1, 12), seed: 'int', training_mode: moved('bool', 2, 12) },
    role: 'plumbing',
    pointwise: true,
    float16: true,
    // Training mode is an input of the newer operator; it must be known to be off.
    passes: ({ node, inputs }) =>
      !node.inputs[2] || (inputs[2]?.constant !== undefined && !inputs[2].constant.data[0]),
    infer(call) {
      const { dtype, shape } = input(call, 0);
      return [
        { dtype, shape },
        { dtype: call.opset < 10 ? dtype : 'bool', shape },
      ];
    },
    evaluate(call) {
      const training = call.inputs[2]?.constant?.data[0];
      const source = elementsOf(call, 0);
      if (training || call.node.outputs[1]) return undefined;
      return source;
    },
  },
  Trilu: { since: 14, parameters: { upper: 'int' }, infer: likeFirst },
  Einsum: {
    since: 12,
    parameters: { equation: 'string' },
    infer(call) {
      const text =
        (call.node.attributes.equation?.value as string | undefined)?.replace(/\s/g, '') ?? '';
      const [left, right] = text.split('->') as [string, string | undefined];
      if (text.includes('.')) return [{ dtype: input(call, 0).dtype, shape: undefined }];
      const extents = new Map<string, Dim>();
      left.split(',').forEach((letters, i) => {
        const shape = shapeOf(call, i);
        if (shape.length !== letters.length) {
          fail(
            call,
            `"${text}" names ${letters.length} axes for input ${i + 1}, whose shape is ${show(shape)}.`,
          );
        }
        [...letters].forEach((letter, axis) => {
          const extent = shape[axis]!;
          const other = extents.get(letter);
          if (other === undefined || other === 1 || typeof other === 'string')
            extents.set(letter, extent);
        });
      });
      // Without an arrow, the letters that occur once remain, in alphabetical order.
      const all = [...left.replaceAll(',', '')];
      const kept =
        right ??
        all
          .filter((l) => all.indexOf(l) === all.lastIndexOf(l))
          .sort()
          .join('');
      return [{ dtype: input(call, 0).dtype, shape: [...kept].map((l) => extents.get(l)!) }];
    },
  },
};
