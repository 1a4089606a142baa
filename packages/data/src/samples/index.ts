import { LensError } from '@convlens/onnx';
import type { Pixels } from '../pixels.js';
import { render } from './render.js';
import type { SampleScene, Scene } from './scene.js';
import { alp } from './scenes/alp.js';
import { candle } from './scenes/candle.js';
import { espresso } from './scenes/espresso.js';
import { jellyfish } from './scenes/jellyfish.js';
import { ladybug } from './scenes/ladybug.js';
import { lemons } from './scenes/lemon.js';
import { lighthouse } from './scenes/lighthouse.js';
import { oranges } from './scenes/oranges.js';
import { picketFence } from './scenes/picket-fence.js';
import { seashore } from './scenes/seashore.js';
import { spiderWeb } from './scenes/spider-web.js';

export type { SampleScene } from './scene.js';

const SCENES: readonly Scene[] = [
  espresso,
  ladybug,
  lighthouse,
  lemons,
  jellyfish,
  alp,
  candle,
  oranges,
  seashore,
  spiderWeb,
  picketFence,
];

/** The sample pictures, in the order in which they are offered. */
export const sampleScenes: readonly SampleScene[] = SCENES.map(({ id, title, expected }) => ({
  id,
  title,
  expected,
}));

/**
 * Renders a sample picture, the same bytes on every machine.
 *
 * @param id of the sample
 * @param size width and height in pixels
 * @throws LensError `E_ARGUMENT` for an id that does not exist
 */
export function renderSample(id: string, size: number): Pixels {
  const scene = SCENES.find((candidate) => candidate.id === id);
  if (!scene) {
    const known = SCENES.map((candidate) => candidate.id).join(', ');
    throw new LensError('E_ARGUMENT', `There is no sample "${id}". Samples: ${known}.`);
  }
  return render(scene.shader(), size, scene.develop);
}
