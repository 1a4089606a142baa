export { EngineClient, EngineRecoveredEvent, type EngineOptions } from './client.js';
export { EngineSession, SUPERSEDED } from './session.js';
export type * from '../shared/api.js';
export type * from '../shared/engine-calls.js';
export type { JobAnswer, JobFrame, JobKind, JobRequest } from '../worker/jobs/table.js';
