import type {
  BackendChoice,
  BackendReport,
  ImageSource,
  MemoryReport,
  NetworkSource,
  NetworkSummary,
  Progress,
} from './api.js';
import type { ImageId, NetworkId } from './handles.js';
import type { JobAnswer, JobFrame, JobKind, JobRequest } from '../worker/jobs/table.js';

/** An open network. It stays open until every handle of it is given back. */
export interface NetworkHandle extends Disposable {
  readonly id: NetworkId;
  readonly summary: NetworkSummary;
}

/** A kept image. It is kept until every handle of it is given back. */
export interface ImageHandle extends Disposable {
  readonly id: ImageId;
  readonly width: number;
  readonly height: number;
}

/** Options of every call that takes a while. */
export interface CallOptions {
  /** Ends the call with `E_ABORTED`. What ends because something newer takes its place says so: `SUPERSEDED` is the reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Options of a job. */
export interface RunOptions<K extends JobKind> extends CallOptions {
  /** Given what the job has so far. */
  readonly onFrame?: ((frame: JobFrame<K>) => void) | undefined;
  /** Lets the job stop at a good place; it answers with what it has. */
  readonly pause?: AbortSignal | undefined;
}

/** What an engine does for a page, a test or a terminal. */
export interface EngineCalls {
  /** The backend that works, or did last. */
  readonly backend: BackendReport | undefined;
  /**
   * Opens a network; one that is open already is shared.
   *
   * @throws LensError `E_FETCH`, `E_ONNX_*`, `E_OP_UNSUPPORTED`, `E_NO_CONVOLUTION`, `E_ENGINE_START`, `E_ABORTED`
   */
  openNetwork(source: NetworkSource, options?: CallOptions): Promise<NetworkHandle>;
  /**
   * Decodes and keeps an image.
   *
   * @throws LensError `E_IMAGE`, `E_FETCH`, `E_ENGINE_START`, `E_ABORTED`
   */
  openImage(source: ImageSource, options?: CallOptions): Promise<ImageHandle>;
  /**
   * Does a job.
   *
   * @param kind a row of the table of jobs
   * @param request what is wanted; frames of a camera in it are moved to the worker
   * @throws LensError as the job does; `E_ENGINE_START`, `E_BACKEND_INIT`, `E_ABORTED`
   */
  run<K extends JobKind>(
    kind: K,
    request: JobRequest<K>,
    options?: RunOptions<K>,
  ): Promise<JobAnswer<K>>;
  /** Chooses the backend; loads its runtime. */
  useBackend(choice: BackendChoice, options?: CallOptions): Promise<BackendReport>;
  /** What the engine holds at the moment. */
  memory(): Promise<MemoryReport>;
}
