import type { Network } from '@convlens/adapters';
import { float32, type TensorData } from '@convlens/onnx';
import { findLayer } from '../feature-maps/feature-maps.js';
import { seedOf, type Backward, type Gradients, type Target } from '../gradients/gradients.js';

type Tensor = TensorData<'float32'>;

/** Told after every step of a method that takes several; may throw to cancel. */
export type OnStep = (done: number, total: number) => void;

/** The score that a backward pass differentiated: the product of value and cotangent. */
function scoreOf({ value }: Backward, cotangent: Tensor): number {
  let sum = 0;
  for (let i = 0; i < value.data.length; i++) sum += value.data[i]! * cotangent.data[i]!;
  return sum;
}

/**
 * The derivative of the target's score by the input.
 *
 * @param network the network
 * @param gradients its backward passes
 * @param input float32 `[1, C, H, W]`, preprocessed
 * @param target class or unit
 * @returns score, and gradient of the input's shape
 */
export async function gradient(
  network: Network,
  gradients: Gradients,
  input: Tensor,
  target: Target,
): Promise<{ score: number; gradient: Tensor }> {
  const seed = seedOf(network, target);
  const backward = await gradients.backward(input, seed);
  return {
    score: scoreOf(backward, seed.cotangent),
    gradient: backward.gradients.get(network.input.name)!,
  };
}

/**
 * Saliency: the largest absolute derivative over the colours of each pixel (Simonyan, Vedaldi, Zisserman 2014).
 *
 * @param derivative float32 `[1, C, H, W]`
 * @returns float32 `[H, W]`, not negative
 */
export function saliency(derivative: Tensor): Tensor {
  const [, channels = 1, height = 1, width = 1] = derivative.shape;
  const out = new Float32Array(height * width);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < out.length; i++) {
      out[i] = Math.max(out[i]!, Math.abs(derivative.data[c * out.length + i]!));
    }
  }
  return float32(out, [height, width]);
}

/**
 * Gradient times input, elementwise.
 *
 * @param derivative float32
 * @param input of the same shape
 */
export function gradientTimesInput(derivative: Tensor, input: Tensor): Tensor {
  return float32(
    derivative.data.map((value, i) => value * input.data[i]!),
    input.shape,
  );
}

/**
 * Integrated gradients along the straight line from a baseline of zero in preprocessed space, at the midpoints of
 * equal steps: x * mean of ds/dx at ((i + 0.5) / steps) x (Sundararajan, Taly, Yan 2017).
 *
 * @param network the network
 * @param gradients its backward passes
 * @param input float32 `[1, C, H, W]`
 * @param target class or unit
 * @param options number of steps, 50 by default
 * @returns attribution of the input's shape; its sum, the difference of scores it should equal, and the gap
 */
export async function integratedGradients(
  network: Network,
  gradients: Gradients,
  input: Tensor,
  target: Target,
  { steps = 50, onStep }: { readonly steps?: number; readonly onStep?: OnStep } = {},
): Promise<{ attribution: Tensor; sum: number; difference: number; gap: number }> {
  const total = new Float64Array(input.data.length);
  for (let i = 0; i < steps; i++) {
    const t = (i + 0.5) / steps;
    const point = float32(
      input.data.map((value) => value * t),
      input.shape,
    );
    const { gradient: found } = await gradient(network, gradients, point, target);
    for (let k = 0; k < total.length; k++) total[k]! += found.data[k]!;
    onStep?.(i + 1, steps);
  }
  const data = input.data.map((value, k) => (value * total[k]!) / steps);
  const sum = data.reduce((a, b) => a + b, 0);
  const zero = float32(new Float32Array(input.data.length), input.shape);
  const { score: atInput } = await gradient(network, gradients, input, target);
  const { score: atZero } = await gradient(network, gradients, zero, target);
  const difference = atInput - atZero;
  return { attribution: float32(data, input.shape), sum, difference, gap: sum - difference };
}

/**
 * SmoothGrad: the mean derivative over noisy copies of the input (Smilkov et al. 2017), signed.
 *
 * @param network the network
 * @param gradients its backward passes
 * @param input float32 `[1, C, H, W]`
 * @param target class or unit
 * @param noise samples of the input's shape to add, one after the other
 */
export async function smoothGrad(
  network: Network,
  gradients: Gradients,
  input: Tensor,
  target: Target,
  noise: readonly Float32Array[],
  onStep?: OnStep,
): Promise<Tensor> {
  const total = new Float64Array(input.data.length);
  for (const [done, sample] of noise.entries()) {
    const point = float32(
      input.data.map((value, k) => value + sample[k]!),
      input.shape,
    );
    const { gradient: found } = await gradient(network, gradients, point, target);
    for (let k = 0; k < total.length; k++) total[k]! += found.data[k]!;
    onStep?.(done + 1, noise.length);
  }
  return float32(
    Float32Array.from(total, (value) => value / noise.length),
    input.shape,
  );
}

/**
 * Occlusion: how much the score falls when a square patch is set to zero in preprocessed space (Zeiler and Fergus
 * 2014, section 4.2), for every position at which the patch fits.
 *
 * @param score gives the target's score of an input
 * @param input float32 `[1, C, H, W]`
 * @param options side of the patch and step between positions, in pixels
 * @returns float32 `[rows, columns]`
 */
export async function occlusion(
  score: (input: Tensor) => Promise<number>,
  input: Tensor,
  {
    patch,
    stride,
    onStep,
  }: { readonly patch: number; readonly stride: number; readonly onStep?: OnStep },
): Promise<Tensor> {
  const [, channels = 1, height = 1, width = 1] = input.shape;
  const rows = Math.floor((height - patch) / stride) + 1;
  const columns = Math.floor((width - patch) / stride) + 1;
  const whole = await score(input);
  const out = new Float32Array(rows * columns);
  for (let at = 0; at < out.length; at++) {
    const top = Math.floor(at / columns) * stride;
    const left = (at % columns) * stride;
    const data = input.data.slice();
    for (let c = 0; c < channels; c++) {
      for (let y = top; y < top + patch; y++) {
        const row = (c * height + y) * width;
        data.fill(0, row + left, row + left + patch);
      }
    }
    out[at] = whole - (await score(float32(data, input.shape)));
    onStep?.(at + 1, out.length);
  }
  return float32(out, [rows, columns]);
}

/**
 * Grad-CAM (Selvaraju et al. 2017): the channels of a layer, weighted by the mean derivative of the score by each,
 * summed, and what is negative dropped.
 *
 * @param network the network
 * @param gradients its backward passes
 * @param input float32 `[1, C, H, W]`
 * @param target class or unit above the layer
 * @param layer id; the last convolutional layer by default
 * @returns map `[h, w]` of the layer's size, not negative; and the weight of every channel
 */
export async function gradCam(
  network: Network,
  gradients: Gradients,
  input: Tensor,
  target: Target,
  layer: string = network.lastConv,
): Promise<{ map: Tensor; weights: Float32Array }> {
  const { value } = findLayer(network, layer);
  const backward = await gradients.backward(input, seedOf(network, target), {
    wrt: [value],
    values: [value],
  });
  const derivative = backward.gradients.get(value)!;
  const activation = backward.values.get(value)!;
  const [, channels = 1, height = 1, width = 1] = activation.shape;
  const plane = height * width;
  const weights = new Float32Array(channels);
  const sums = new Float64Array(plane);
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let i = 0; i < plane; i++) sum += derivative.data[c * plane + i]!;
    weights[c] = sum / plane;
    for (let i = 0; i < plane; i++) sums[i]! += weights[c]! * activation.data[c * plane + i]!;
  }
  const map = float32(
    Float32Array.from(sums, (value) => Math.max(0, value)),
    [height, width],
  );
  return { map, weights };
}

/**
 * Guided Grad-CAM: guided backpropagation of the score times the Grad-CAM map, enlarged bilinearly (Selvaraju et al.
 * 2017, section 3.2).
 *
 * @param guided float32 `[1, C, H, W]`
 * @param map float32 `[h, w]`
 */
export function guidedGradCam(guided: Tensor, map: Tensor): Tensor {
  const [, channels = 1, height = 1, width = 1] = guided.shape;
  const [rows = 1, columns = 1] = map.shape;
  const place = (at: number, size: number, count: number): readonly [number, number, number] => {
    const centre = Math.min(count - 1, Math.max(0, ((at + 0.5) * count) / size - 0.5));
    const low = Math.floor(centre);
    return [low, Math.min(count - 1, low + 1), centre - low];
  };
  const out = new Float32Array(guided.data.length);
  for (let y = 0; y < height; y++) {
    const [top, bottom, down] = place(y, height, rows);
    for (let x = 0; x < width; x++) {
      const [left, right, across] = place(x, width, columns);
      const at = (row: number, column: number): number => map.data[row * columns + column]!;
      const upper = at(top, left) * (1 - across) + at(top, right) * across;
      const lower = at(bottom, left) * (1 - across) + at(bottom, right) * across;
      const weight = upper * (1 - down) + lower * down;
      for (let c = 0; c < channels; c++) {
        const i = (c * height + y) * width + x;
        out[i] = guided.data[i]! * weight;
      }
    }
  }
  return float32(out, guided.shape);
}
