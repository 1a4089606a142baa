export {
  EngineClient,
  EngineRecoveredEvent,
  type CallOptions,
  type EngineOptions,
} from './client.js';
export type * from '../shared/api.js';
