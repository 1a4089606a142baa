import { LensError } from '@convlens/onnx';
import { seedOf } from '../../gradients/gradients.js';
import { gradCam, guidedGradCam } from '../attribution.js';
import { gradCamLayer } from '../cam-layer.js';
import type { AttributionDescription, AttributionRow } from '../methods.js';
import { single } from './plain.js';

/** What is known of Grad-CAM. */
export const camDescription = {
  title: 'Grad-CAM',
  about: 'Where the maps of a layer below speak for the answer.',
  source: 'Selvaraju et al. 2017',
  overMaps: true,
  parameters: {},
} as const satisfies AttributionDescription;

/** Grad-CAM at work, over the layer that suits the target. */
export const cam: AttributionRow = async (task, _, notes) => {
  const { network, gradients, input, target } = task;
  const layer = gradCamLayer(network, target);
  if (layer === undefined) {
    throw new LensError(
      'E_ARGUMENT',
      'Grad-CAM needs a layer with maps between the image and the unit, but this unit reads the image itself. ' +
        'Choose another method, or a unit further up.',
    );
  }
  if (target.kind !== 'class') {
    // The derivative is averaged over the map, so that a place counts wherever it is.
    notes.push(`Over the maps of ${layer}, also where the unit does not look.`);
  }
  return (await gradCam(network, gradients, input, target, layer)).map;
};

/** What is known of guided Grad-CAM. */
export const guidedCamDescription = {
  title: 'Guided Grad-CAM',
  about: 'Guided backpropagation, where Grad-CAM is bright.',
  source: 'Selvaraju et al. 2017, section 3.2',
  overMaps: true,
  parameters: {},
} as const satisfies AttributionDescription;

/** Guided Grad-CAM at work. */
export const guidedCam: AttributionRow = async (task, settings, notes) => {
  const { network, gradients, input, target } = task;
  const map = await cam(task, settings, notes);
  const guided = await gradients.backward(input, seedOf(network, target), { rule: 'guided' });
  return single(guidedGradCam(guided.gradients.get(network.input.name)!, map));
};
