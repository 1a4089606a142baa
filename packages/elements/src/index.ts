export { AppController, isPressing, isTyping, type AppModel } from './app-controller.js';
export { backendOptions } from './backend-options.js';
export { announce } from './announcer.js';
export type { Camera } from './camera.js';
export {
  classNames,
  networkEntries,
  samples,
  type NetworkEntry,
  type Sample,
} from './catalogue.js';
export { chosenImage, type ChosenImage } from './chosen-image.js';
export { define } from './define.js';
export { fileButton } from './file-button.js';
export {
  configure,
  newEngine,
  resolveFile,
  sharedEngine,
  type Environment,
} from './environment.js';
export {
  ImageSelectEvent,
  LayerSelectEvent,
  ProblemEvent,
  UnitHoverEvent,
  UnitSelectEvent,
} from './events.js';
export {
  formatBytes,
  formatCount,
  formatNumber,
  formatProbability,
  formatShape,
} from './format.js';
export { LensImageStrip } from './image-strip.js';
export {
  index,
  oneOf,
  readLink,
  text,
  writeLink,
  type LinkField,
  type LinkSchema,
} from './link-state.js';
export { NetworkList, type NetworkOption } from './network-list.js';
export type { Sheet } from './save.js';
export { banner, opening, shell } from './shell.js';
export { LensSpine } from './spine.js';
export { LensTileGrid, type TilePainter } from './tile-grid.js';
export { controls, tokens } from './tokens.js';
export { topRow, type TopRow } from './top-row.js';
export { entrySource, fetchImage, FILE_PREFIX, fileSource, isPicture } from './sources.js';
export { asError, Tasks, type Problem, type TaskOptions } from './tasks.js';
export { Workbench, type OpenImage, type WorkbenchPlace } from './workbench.js';
