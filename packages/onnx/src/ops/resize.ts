import { intsAttribute, stringAttribute } from '../attributes.js';
import { divideDims, multiplyDims } from '../dims.js';
import type { Dim } from '../graph.js';
import { moved } from './facts.js';
import {
  axisOf,
  fail,
  input,
  list,
  show,
  unknownDim,
  type Call,
  type Rule,
  type Rules,
} from './rule.js';

/** The scales of each axis, from an attribute or an input, wherever the operator set has them. */
function scalesOf(call: Call): readonly number[] | undefined {
  const attribute = call.node.attributes.scales;
  if (attribute?.type === 'floats') return attribute.value;
  const index = call.node.op === 'Upsample' || call.opset < 11 ? 1 : 2;
  const constant = call.inputs[index]?.constant;
  return constant && constant.data.length > 0 ? Array.from(constant.data, Number) : undefined;
}

function scaled(extent: Dim, scale: number): Dim | undefined {
  if (typeof extent === 'number') {
    // 1/3 as float32 times 9 is a little less than 3 or a little more; the runtimes compute in float32.
    return Math.floor(Math.fround(Math.fround(scale) * extent));
  }
  if (Number.isInteger(scale)) return multiplyDims([scale, extent]);
  return Number.isInteger(1 / scale) ? divideDims([extent], [1 / scale]) : undefined;
}

/** Sizes that keep the picture's proportions: all axes take the smallest (or largest) of the scales asked for. */
function proportional(
  sizes: readonly Dim[],
  extents: readonly Dim[],
  policy: string,
): readonly Dim[] {
  if (policy === 'stretch' || ![...sizes, ...extents].every((v) => typeof v === 'number'))
    return sizes;
  const ratios = sizes.map((size, i) => (size as number) / (extents[i] as number));
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return extents.map((extent) => Math.round((extent as number) * scale));
}

const resize: Pick<Rule, 'infer'> = {
  infer(call) {
    const { dtype, shape } = input(call, 0);
    const axes =
      intsAttribute(call.node, 'axes', undefined)?.map((axis) =>
        axisOf(call, axis, shape.length),
      ) ?? shape.map((_, axis) => axis);
    const out: Dim[] = [...shape];
    const scales = scalesOf(call);
    const sizes = scales || call.opset < 11 ? undefined : list(call, 'sizes', 3);
    const given = scales ?? sizes;
    if (given && given.length !== axes.length) {
      fail(
        call,
        `${show(given)} must have one number for each of the ${axes.length} axes of ${show(shape)}.`,
      );
    }
    const policy = stringAttribute(call.node, 'keep_aspect_ratio_policy', 'stretch');
    const extents = axes.map((axis) => shape[axis]!);
    const targets = sizes && proportional(sizes, extents, policy);
    axes.forEach((axis, i) => {
      const scale = scales?.[i];
      out[axis] =
        (scale === undefined ? targets?.[i] : scaled(extents[i]!, scale)) ?? unknownDim(call, axis);
    });
    return [{ dtype, shape: out }];
  },
};

/** Moves blocks of pixels into channels, or back. */
function blocks(call: Call, toSpace: boolean): Dim[] {
  const { shape } = input(call, 0);
  const size = call.node.attributes.blocksize;
  if (size?.type !== 'int' || shape.length !== 4) {
    return fail(
      call,
      `it needs a blocksize and an input of 4 axes, but the input is ${show(shape)}.`,
    );
  }
  const [n, c, h, w] = shape as [Dim, Dim, Dim, Dim];
  const b = size.value;
  const divide = (extent: Dim, by: number): Dim =>
    divideDims([extent], [by]) ??
    (typeof extent === 'string'
      ? `${extent}/${by}`
      : fail(call, `${extent} in ${show(shape)} is not a multiple of ${by}.`));
  return toSpace
    ? [n, divide(c, b * b), multiplyDims([h, b]), multiplyDims([w, b])]
    : [n, multiplyDims([c, b * b]), divide(h, b), divide(w, b)];
}

/** Operators that change the size of a picture. */
export const resizing: Rules = {
  Resize: {
    ...resize,
    since: 10,
    parameters: {
      antialias: 'int',
      axes: 'ints',
      coordinate_transformation_mode: [
        'half_pixel',
        'half_pixel_symmetric',
        'pytorch_half_pixel',
        'align_corners',
        'asymmetric',
        'tf_crop_and_resize',
        'tf_half_pixel_for_nn',
      ],
      cubic_coeff_a: 'float',
      exclude_outside: 'int',
      extrapolation_value: 'float',
      keep_aspect_ratio_policy: ['stretch', 'not_larger', 'not_smaller'],
      mode: ['nearest', 'linear', 'cubic'],
      nearest_mode: ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'],
      scales: moved('floats', 2, 10),
      sizes: moved('ints', 3, 11),
    },
    tame: true,
  },
  Upsample: {
    ...resize,
    until: 9,
    parameters: { mode: ['nearest', 'linear', 'bilinear'], scales: moved('floats', 1, 9) },
  },
  DepthToSpace: {
    parameters: { blocksize: 'int', mode: ['DCR', 'CRD'] },
    tame: true,
    infer: (call) => [{ dtype: input(call, 0).dtype, shape: blocks(call, true) }],
  },
  SpaceToDepth: {
    parameters: { blocksize: 'int' },
    infer: (call) => [{ dtype: input(call, 0).dtype, shape: blocks(call, false) }],
  },
};
