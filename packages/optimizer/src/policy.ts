import { elementCount } from '@convlens/onnx';
import type { ConvolutionShape } from './convolution.js';
import type { FilterGradientForm, FilterGradientShape } from './filter-gradient.js';
import { DIRECT, formsOf, type Form, type Winograd } from './form.js';

/** Chooses the form of every convolution: for a runtime by what was measured on it, or by a tuner's table. */
export interface Policy {
  /** Says in reports which one it was. */
  readonly name: string;
  /** @param shape extents of the convolution */
  readonly choose: (shape: ConvolutionShape) => Form;
  /** How the gradient of filters is computed; directly when left out. */
  readonly filterGradient?: (shape: FilterGradientShape) => FilterGradientForm;
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
  /** An element whose axes are exchanged. */
  turn: 1.5,
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

/** A product's constant factor is arranged only once; its other factor and its result are turned. */
function productCost({ batch, inputs, outputs, to }: ConvolutionShape): number {
  const positions = batch * elementCount(to);
  const products = outputs * (inputs + WASM.overhead) * WASM.multiply;
  return positions * (products + (inputs + outputs) * WASM.turn) + WASM.nodes / 3;
}

function costOf(shape: ConvolutionShape, form: Form): number {
  switch (form.kind) {
    case 'direct':
      return directCost(shape) * WASM.gain;
    case 'winograd':
      return winogradCost(shape, form);
    case 'product':
      return productCost(shape);
  }
}

/**
 * The fastest form of the gradient of filters on onnxruntime-web 1.30 (WASM, one thread): batch 128, 3 x 3, twice as fast as the
 * direct one. Few channels make narrow products, where images are better: ms for inputs, outputs and positions a side,
 * direct, taps, images: 3, 32, 30: 29, 67, 18; 32, 64, 28: 616, 297, 332; 64, 128, 12: 296, 193, 210; 128, 128, 4: 63, 34, 52.
 */
const gradientOnWasm = ({ inputs }: FilterGradientShape): FilterGradientForm =>
  inputs < 8 ? 'images' : 'taps';

/**
 * The same for onnxruntime-node 1.30, where a product of many positions leaves the caches: 3, 32, 30: 11, 16, 6; 32, 64, 28:
 * 181, 96, 62; 64, 128, 12: 79, 41, 62; 128, 128, 4: 25, 9, 39.
 */
const gradientInNode = ({ inputs, to }: FilterGradientShape): FilterGradientForm =>
  inputs < 8 || elementCount(to) >= 400 ? 'images' : 'taps';

/** The forms that are fastest on onnxruntime-web's WASM backend, by a model of what they cost there. */
export const WASM_POLICY: Policy = {
  name: 'ort-wasm',
  filterGradient: gradientOnWasm,
  choose: (shape) =>
    formsOf(shape).reduce((best, form) =>
      costOf(shape, form) < costOf(shape, best) ? form : best,
    ),
};

/**
 * What onnxruntime-node 1.30 gains from on the CPU: its own convolutions are several times faster than on WASM, so only
 * layers with many channels and enough tiles do (VGG-16's gradient takes 0.78 to 0.86 of the time; ResNet-18 has none and
 * would lose).
 */
export const NODE_POLICY: Policy = {
  name: 'ort-node',
  filterGradient: gradientInNode,
  choose: (shape) => {
    const { inputs, outputs, to, kernel } = shape;
    const fits = Math.min(inputs, outputs) >= 256 && Math.min(...to) >= 28 && kernel[0] === 3;
    const wanted = (form: Form): boolean =>
      form.kind === 'winograd' && form.tile === 4 && form.order === 'filters-first';
    return fits ? (formsOf(shape).find(wanted) ?? DIRECT) : DIRECT;
  },
};
