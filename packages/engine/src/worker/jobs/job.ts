import type { Network } from '@convlens/adapters';
import { cropToInput, toInput, type Pixels } from '@convlens/data';
import type { TensorData } from '@convlens/onnx';
import type { BackendReport, ImageSource } from '../../shared/api.js';
import type { ImageId, NetworkId } from '../../shared/handles.js';
import type { Call } from '../calls.js';
import type { Leases } from '../programs.js';
import type { Runtime } from '../runtime.js';

/** A runtime while something is done with it. */
export interface OnRuntime extends Leases {
  readonly runtime: Runtime;
  readonly report: BackendReport;
}

/** What a job works with: the call that it answers, what is open, and the runtime. */
export interface Desk<Frame = never> extends Omit<Call, 'frame' | 'uses'> {
  /** Gives what it has so far. */
  frame(frame: Frame): void;
  /**
   * An open network.
   *
   * @throws LensError `E_ARGUMENT` when its handle was given back
   */
  network(id: NetworkId): Network;
  /**
   * A kept image.
   *
   * @throws LensError `E_ARGUMENT` when its handle was given back
   */
  image(id: ImageId): Pixels;
  /** A kept image, a file that is decoded and not kept, or a frame that is used once and closed. */
  pixels(image: ImageId | Blob | ImageBitmap): Promise<Pixels>;
  /** Decodes an image that is not kept. */
  readImage(source: ImageSource): Promise<Pixels>;
  /**
   * Does something with the runtime in use; again, from its beginning, with the next one when its device is lost meanwhile. What it
   * borrows is good until it ends.
   *
   * @param work what is done
   * @throws LensError `E_BACKEND_INIT` when no runtime works, `E_ABORTED`, and as the work does
   */
  onRuntime<T>(work: (on: OnRuntime) => Promise<T>): Promise<T>;
  /** Frees what is held under a name for all networks but one. */
  keepOnly(name: string, network: Network | undefined): Promise<void>;
}

/** A kind of work that the engine does: a row of the table. */
export interface Job<Request, Answer, Frame = never> {
  /**
   * Does it.
   *
   * @param desk what it works with
   * @param request what is wanted
   */
  run(desk: Desk<Frame>, request: Request): Promise<Answer>;
}

/**
 * An image as a network takes it, float32 `[1, C, H, W]`: the largest centred window, shrunk and normalised.
 *
 * @param network whose input size and preprocessing are meant
 * @param pixels the image
 */
export function inputOf(network: Network, pixels: Pixels): TensorData<'float32'> {
  const [channels, height, width] = network.input.shape;
  return toInput(cropToInput(pixels, height, width), channels, network.preprocessing);
}
