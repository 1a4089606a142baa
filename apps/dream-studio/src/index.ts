export { DreamStudio } from './dream-studio.js';
export type { StudioState, Technique } from './state.js';
