export { AdversarialLab } from './adversarial-lab.js';
export type { LabState, Tab } from './state.js';
