import type {
  BackendChoice,
  BackendReport,
  EngineConfig,
  ImageSource,
  ImageSummary,
  MemoryReport,
  NetworkSource,
  NetworkSummary,
  Progress,
} from './api.js';
import type { ImageId, NetworkId } from './handles.js';

/** What a call says while it is under way; on the port that `start` was given. */
export interface CallMessage {
  readonly call: number;
  readonly progress?: Progress;
  /** What a job has so far; its kind says what that is. */
  readonly frame?: unknown;
  /** The backend that works on it from now on. */
  readonly backend?: BackendReport;
}

/**
 * The worker's functions. `call` numbers and the ids of handles are made by the page's side; `cancel` ends a call with
 * `E_ABORTED`.
 */
export interface EngineApi {
  /** First call: hands over the configuration and the port for progress and frames. */
  start(config: EngineConfig, port: MessagePort): Promise<{ readonly version: number }>;
  cancel(call: number): Promise<void>;
  /** Lets a call stop at a good place; it answers with what it has. */
  pause(call: number): Promise<void>;
  openNetwork(call: number, id: NetworkId, source: NetworkSource): Promise<NetworkSummary>;
  openImage(call: number, id: ImageId, source: ImageSource): Promise<ImageSummary>;
  /** Frees a network or an image; one that a call works with when the call has ended. */
  close(id: NetworkId | ImageId): Promise<void>;
  useBackend(call: number, choice: BackendChoice): Promise<BackendReport>;
  memory(): Promise<MemoryReport>;
  /** Does a job of the table. */
  run(call: number, kind: string, request: unknown): Promise<unknown>;
}

/** Version of this protocol: client and worker must be of the same one. */
export const PROTOCOL_VERSION = 2;
