import type { TensorData } from '@convlens/onnx';
import { seedOf } from '../../gradients/gradients.js';
import { occlusion } from '../attribution.js';
import type { AttributionDescription, AttributionRow } from '../methods.js';

/** What is known of occlusion. */
export const occlusionDescription = {
  title: 'Occlusion',
  about: 'How much the answer falls when a patch is covered.',
  source: 'Zeiler and Fergus 2014, section 4.2',
  parameters: {},
} as const satisfies AttributionDescription;

/** Occlusion at work: a patch of an eighth of the input's height, in half steps. */
export const occluded: AttributionRow = (task) => {
  const { network, maps, input, target, onStep } = task;
  const { value, cotangent } = seedOf(network, target);
  const score = async (tensor: TensorData<'float32'>): Promise<number> => {
    const found = (await maps.read(tensor, [value])).get(value)!;
    return found.data.reduce((sum, one, i) => sum + one * cotangent.data[i]!, 0);
  };
  const patch = Math.max(1, Math.round(network.input.shape[1] / 8));
  const stride = Math.max(1, patch >> 1);
  return occlusion(score, input, { patch, stride, ...(onStep && { onStep }) });
};
