export { FilterViewer } from './filter-viewer.js';
export type { View, ViewerState } from './state.js';
