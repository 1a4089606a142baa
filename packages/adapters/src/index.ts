export { describeNetwork } from './describe.js';
export type * from './network.js';
