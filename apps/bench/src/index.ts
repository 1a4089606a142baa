export { BackendBench } from './backend-bench.js';
export type { BenchState } from './state.js';
