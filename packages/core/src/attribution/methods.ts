import type { Network } from '@convlens/adapters';
import { float32, LensError, type TensorData } from '@convlens/onnx';
import type { FeatureMaps } from '../feature-maps/feature-maps.js';
import { gradientProblem, seedOf, type Gradients, type Target } from '../gradients/gradients.js';
import {
  gradCam,
  gradient,
  gradientTimesInput,
  guidedGradCam,
  integratedGradients,
  occlusion,
  saliency,
  smoothGrad,
  type OnStep,
} from './attribution.js';
import { gradCamLayer } from './cam-layer.js';
import { normalNoise } from './noise.js';

type Tensor = TensorData<'float32'>;

/** Ways to say which pixels drove a score. */
export const attributionMethods = [
  'saliency',
  'gradient-input',
  'integrated',
  'smoothgrad',
  'occlusion',
  'gradcam',
  'guided-gradcam',
] as const;

/** One of the ways to say which pixels drove a score. */
export type AttributionMethod = (typeof attributionMethods)[number];

/** Part of the input's range that one deviation of SmoothGrad's noise takes (Smilkov et al. 2017: 10 to 20 %). */
const NOISE = 0.15;

/** What `attribute` needs. */
export interface AttributionTask {
  readonly network: Network;
  readonly gradients: Gradients;
  /** Forward passes, for occlusion. */
  readonly maps: FeatureMaps;
  /** float32 `[1, C, H, W]`, preprocessed. */
  readonly input: Tensor;
  readonly target: Target;
  readonly method: AttributionMethod;
  /** Steps of integrated gradients, samples of SmoothGrad. */
  readonly steps: number;
  /** Seed of SmoothGrad's noise. */
  readonly seed: number;
  readonly onStep?: OnStep;
}

/** An attribution map. */
export interface Attributed {
  /** float32 `[C, H, W]` or `[H, W]`. */
  readonly map: Tensor;
  /** Remarks for people: the completeness gap, a zero gradient. */
  readonly notes: readonly string[];
}

/**
 * An attribution by any of the methods, with the field's usual parameters: occlusion with a patch of an eighth of the
 * input's height in half steps, SmoothGrad with noise of 15 % of the input's range.
 *
 * @throws LensError `E_ARGUMENT`, `E_OP_UNSUPPORTED`, `E_RUN`
 */
export async function attribute(task: AttributionTask): Promise<Attributed> {
  const notes: string[] = [];
  return { map: await compute(task, notes), notes };
}

async function compute(task: AttributionTask, notes: string[]): Promise<Tensor> {
  const { network, gradients, maps, input, target, method, steps, seed, onStep } = task;
  const single = (tensor: Tensor): Tensor => float32(tensor.data, tensor.shape.slice(1));
  const options = { steps, ...(onStep ? { onStep } : {}) };
  const slope = async (): Promise<Tensor> => {
    const { gradient: found } = await gradient(network, gradients, input, target);
    const problem = gradientProblem(found);
    if (problem !== undefined) notes.push(problem);
    return found;
  };
  switch (method) {
    case 'saliency':
      return saliency(await slope());
    case 'gradient-input':
      return single(gradientTimesInput(await slope(), input));
    case 'integrated': {
      const found = await integratedGradients(network, gradients, input, target, options);
      const percent = Math.abs((100 * found.gap) / (found.difference || 1));
      notes.push(
        `Completeness gap: ${found.gap.toFixed(3)}, ${percent.toFixed(1)} % of the score's change.`,
      );
      return single(found.attribution);
    }
    case 'smoothgrad': {
      let low = Infinity;
      let high = -Infinity;
      for (const value of input.data) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
      const noise = normalNoise(seed, steps, input.data.length, NOISE * (high - low));
      return single(await smoothGrad(network, gradients, input, target, noise, onStep));
    }
    case 'occlusion': {
      const { value, cotangent } = seedOf(network, target);
      const score = async (tensor: Tensor): Promise<number> => {
        const found = (await maps.read(tensor, [value])).get(value)!;
        return found.data.reduce((sum, one, i) => sum + one * cotangent.data[i]!, 0);
      };
      const patch = Math.max(1, Math.round(network.input.shape[1] / 8));
      const stride = Math.max(1, patch >> 1);
      return occlusion(score, input, { patch, stride, ...(onStep ? { onStep } : {}) });
    }
    case 'gradcam':
      return cam(task, notes);
    case 'guided-gradcam': {
      const map = await cam(task, notes);
      const guided = await gradients.backward(input, seedOf(network, target), { rule: 'guided' });
      return single(guidedGradCam(guided.gradients.get(network.input.name)!, map));
    }
  }
}

/** Grad-CAM over the layer that suits the target. */
async function cam(
  { network, gradients, input, target }: AttributionTask,
  notes: string[],
): Promise<Tensor> {
  const layer = gradCamLayer(network, target);
  if (layer === undefined) {
    throw new LensError(
      'E_ARGUMENT',
      'Grad-CAM needs a layer with maps between the image and the unit, but this unit reads the image itself. ' +
        'Choose another method, or a unit further up.',
    );
  }
  if (target.kind === 'unit') {
    // The derivative is averaged over the map, so that a place counts wherever it is.
    notes.push(`Over the maps of ${layer}, also where the unit does not look.`);
  }
  return (await gradCam(network, gradients, input, target, layer)).map;
}
