export { describeNetwork, type DescribeOptions } from './describe.js';
export type * from './network.js';
