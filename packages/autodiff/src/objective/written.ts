import { float32, type GraphBuilder } from '@convlens/onnx';
import type { Writing } from './kinds.js';

const product = (extents: readonly number[]): number =>
  extents.reduce((all, extent) => all * extent, 1);

/** `[batch]` from `[batch, ...]` with `axes` axes behind the batch. */
export function perImage(b: GraphBuilder, value: string, axes: number): string {
  const all = Array.from({ length: axes }, (_, i) => i + 1);
  return b.emit('ReduceSum', [value], { axes: all, keepdims: 0 });
}

/** Half the mean square. */
export function meanSquare({ b, place: { value, shape } }: Writing): string {
  const squares = perImage(b, b.emit('Mul', [value, value]), shape.length);
  return b.emit('Mul', [squares, 0.5 / product(shape)]);
}

/** Added to lengths in the cosine, and its least value; both as in Lucid. */
const LEAST = { length: 1e-4, cosine: 0.1 };

/** mean over positions of (a v) max(cosine, 0.1)^power. */
export function cosine(
  { b, place: { value, shape } }: Writing,
  direction: readonly number[],
  power: number,
): string {
  const [channels = 1, ...rest] = shape;
  const vector = b.numbers(direction, [1, channels, ...rest.map(() => 1)], value, 'direction');
  const overChannels = (name: string): string => b.emit('ReduceSum', [name], { axes: [1] });
  const dot = overChannels(b.emit('Mul', [value, vector]));
  const squares = overChannels(b.emit('Mul', [value, value]));
  // Under the root, so that the derivative is finite where a position is dead.
  const length = b.emit('Sqrt', [b.emit('Add', [squares, LEAST.length ** 2])]);
  const cosine = b.emit('Mul', [
    b.emit('Div', [dot, length]),
    1 / (Math.hypot(...direction) + LEAST.length),
  ]);
  // Clip, not Max: at the bound itself no gradient passes, so a dead position stays still.
  const bounded = b.emit('Clip', [cosine], { min: LEAST.cosine });
  const powered = b.emit('Pow', [bounded, power]);
  const total = perImage(b, b.emit('Mul', [dot, powered]), shape.length);
  return b.emit('Mul', [total, 1 / product(rest)]);
}

/** Minus the squared distance to an activation, scaled. */
export function distance({ b, place, inputs }: Writing): string {
  const [activation, scale] = inputs.target(place);
  const difference = b.emit('Sub', [place.value, activation]);
  const squares = perImage(b, b.emit('Mul', [difference, difference]), place.shape.length);
  return b.emit('Neg', [b.emit('Mul', [squares, scale])]);
}

/** Mean over positions of the largest dot product with a position of the guide. */
export function guided({ b, place, batch, inputs }: Writing): string {
  const [channels = 1, ...rest] = place.shape;
  const positions = product(rest);
  const guide = inputs.guide(place);
  const flat = b.emit('Reshape', [place.value], { shape: [batch, channels, positions] });
  const turned = b.emit('Transpose', [flat], { perm: [0, 2, 1] });
  // The gradient of a maximum is that of its largest term: the guide's own choice of feature.
  const best = b.emit('ReduceMax', [b.emit('MatMul', [turned, guide])], { axes: [2], keepdims: 0 });
  return b.emit('Mul', [perImage(b, best, 1), 1 / positions]);
}

/** Each image's part: minus the mean over the others of the cosine between Gram matrices. */
export function diversity({ b, place, batch }: Writing): string {
  const [channels = 1, ...rest] = place.shape;
  const flat = b.emit('Reshape', [place.value], { shape: [batch, channels, product(rest)] });
  const turned = b.emit('Transpose', [flat], { perm: [0, 2, 1] });
  const products = b.emit('MatMul', [flat, turned]);
  const gram = b.emit('Reshape', [products], { shape: [batch, channels * channels] });
  const squares = b.emit('ReduceSum', [b.emit('Mul', [gram, gram])], { axes: [1] });
  const length = b.emit('Sqrt', [b.emit('Add', [squares, 1e-12])]);
  const unit = b.emit('Div', [gram, length]);
  const others = b.emit('Transpose', [unit], { perm: [1, 0] });
  const cosines = b.emit('MatMul', [unit, others]);
  const apart = new Float32Array(batch * batch).fill(-1 / Math.max(1, batch - 1));
  for (let i = 0; i < batch; i++) apart[i * (batch + 1)] = 0;
  const mask = b.constant(float32(apart, [batch, batch]), 'apart');
  return perImage(b, b.emit('Mul', [cosines, mask]), 1);
}
