import { elementCount } from '@convlens/onnx';
import type { ConvolutionShape } from './convolution.js';
import { DIRECT, formsOf, type Form, type Winograd } from './form.js';

/** Chooses the form of every convolution: for a runtime by what was measured on it, or by a tuner's table. */
export interface Policy {
  /** Says in reports which one it was. */
  readonly name: string;
  /** @param shape extents of the convolution */
  readonly choose: (shape: ConvolutionShape) => Form;
}

/** Changes nothing: for runtimes whose own convolutions are faster. */
export const UNCHANGED: Policy = { name: 'unchanged', choose: () => DIRECT };

/**
 * What onnxruntime-web 1.30 does on WASM with SIMD, one thread, in nanoseconds: fitted to single layers with 3 to 512
 * channels and sides of 7 to 224 on an AMD EPYC. Only the ratios matter for the choice.
 */
const WASM = {
  /** A multiplication in a convolution or a product whose left factor is the filters. */
  multiply: 0.06,
  /** What a product costs besides, in multiplications: rows that are added up cost as much as so many more. */
  overhead: 20,
  /** Columns that a product works on together. */
  columns: 16,
  /** An element of the right factor, which is brought into another order first. */
  arrange: 0.3,
  /** An element of an input or a product in Winograd's domain: transformed, and moved. */
  transform: 1,
  /** Nodes that a rewritten convolution consists of, together. */
  nodes: 60_000,
  /** A rewritten form must be this much faster, because the model is not exact. */
  gain: 0.9,
} as const;

const whole = (count: number, group: number): number => Math.ceil(count / group) * group;

function directCost({ batch, inputs, outputs, kernel, to }: ConvolutionShape): number {
  const positions = whole(elementCount(to), WASM.columns);
  return (
    batch * outputs * (inputs * elementCount(kernel) + WASM.overhead) * positions * WASM.multiply
  );
}

function winogradCost(shape: ConvolutionShape, { tile, order }: Winograd): number {
  const { batch, inputs, outputs, kernel, to } = shape;
  const tiles = batch * elementCount(to.map((extent) => Math.ceil(extent / tile)));
  const points = (tile + kernel[0] - 1) ** 2;
  const products =
    order === 'filters-first'
      ? outputs * (inputs + WASM.overhead) * whole(tiles, WASM.columns) * WASM.multiply
      : inputs * outputs * WASM.arrange +
        tiles * outputs * (inputs + WASM.overhead) * WASM.multiply;
  return points * (products + (inputs + outputs) * tiles * WASM.transform) + WASM.nodes;
}

/** The forms that are fastest on onnxruntime-web's WASM backend, by a model of what they cost there. */
export const WASM_POLICY: Policy = {
  name: 'ort-wasm',
  choose(shape) {
    let best: Form = DIRECT;
    let least = directCost(shape) * WASM.gain;
    for (const form of formsOf(shape)) {
      const cost = form.kind === 'winograd' ? winogradCost(shape, form) : Infinity;
      if (cost >= least) continue;
      best = form;
      least = cost;
    }
    return best;
  },
};
