export {
  colorize,
  displayRange,
  divergingDark,
  divergingLight,
  grey,
  sequential,
  type ColorTable,
  type Range,
} from './colormap.js';
export { readNpy, writeNpy } from './npy.js';
export { centredWindow, flatten, type Pixels, type Window } from './pixels.js';
export { cropToInput, fromInput, toInput, type Normalisation } from './preprocess.js';
export { resizeBilinear, resizePlanes } from './resample.js';
