import { announce, asError, type Camera } from '@convlens/elements';
import type { Activations, NetworkSummary } from '@convlens/engine';
import type { Backward } from './backward.js';
import { drawWindow } from './preview.js';
import type { ViewerModel } from './viewer-model.js';

/** One frame of the camera, to be asked for as often as it is needed: a bitmap that is sent away is gone. */
type Frame = () => Promise<ImageBitmap>;

/** What the camera's frames are for. */
export interface LiveHost {
  readonly model: Pick<ViewerModel, 'aspect' | 'network' | 'preview' | 'state' | 'tasks'>;
  /** What the network answers to a frame. */
  readonly ask: (network: NetworkSummary, frame: ImageBitmap) => Promise<Activations>;
  /** Makes an answer the current one, with the frame that it is of. */
  readonly take: (answer: Activations, preview: HTMLCanvasElement) => void;
  /** What carries units back. */
  readonly backward: () => Promise<Backward>;
  /** Something changed that is shown. */
  readonly changed: () => void;
}

/** Another worker takes over, or the network was changed meanwhile: the next frame will do. */
const PASSING = ['E_ENGINE_LOST', 'E_LAYER_UNKNOWN', 'E_ARGUMENT'];

/** The camera while it is on: frame after frame. */
export class Live {
  readonly #host: LiveHost;
  camera: Camera | undefined;
  frozen = false;
  framesPerSecond = 0;
  #spare = document.createElement('canvas');

  /** @param host what the frames are for */
  constructor(host: LiveHost) {
    this.#host = host;
  }

  /** Turns the camera on. */
  async start(): Promise<void> {
    const { Camera } = await import('@convlens/elements/camera.js');
    const camera = await Camera.open();
    this.camera = camera;
    this.frozen = false;
    announce('Camera on.');
    void this.#follow(camera);
  }

  /** Turns the camera off. */
  stop(): void {
    this.camera?.close();
    this.camera = undefined;
    this.framesPerSecond = 0;
  }

  /** Holds the camera's last frame, or lets it run again. */
  toggleFreeze(): void {
    if (!this.camera) return;
    this.frozen = !this.frozen;
    announce(this.frozen ? 'Frozen.' : 'Live.');
    this.#host.changed();
  }

  async #follow(camera: Camera): Promise<void> {
    let last = performance.now();
    while (this.camera === camera) {
      const aspect = this.#host.model.aspect;
      if (this.frozen || aspect === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        last = performance.now();
        continue;
      }
      let bitmap: ImageBitmap | undefined;
      try {
        const frame = (bitmap = await camera.frame(aspect));
        const current = (): boolean => this.camera === camera && !this.frozen;
        await this.#show(() => createImageBitmap(frame), current);
      } catch (error) {
        this.#host.model.tasks.fail(asError(error), 'camera');
        this.stop();
      } finally {
        bitmap?.close();
      }
      const now = performance.now();
      const rate = 1000 / (now - last);
      this.framesPerSecond =
        this.framesPerSecond === 0 ? rate : this.framesPerSecond * 0.9 + rate * 0.1;
      last = now;
      this.#host.changed();
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  }

  /** Shows a frame; the next one is asked for when this is done, so that nothing queues up. */
  async #show(frame: Frame, current: () => boolean): Promise<void> {
    const { model, ask, take, backward } = this.#host;
    const { network, aspect = 1 } = model;
    if (!network) return;
    try {
      const preview = this.#spare;
      const [shown, sent] = await Promise.all([frame(), frame()]);
      drawWindow(preview, shown, aspect);
      shown.close();
      const answer = await ask(network, sent);
      if (!current() || model.network !== network) return;
      // Two canvases in turn: projections are shown with their own frame while the next one is drawn.
      this.#spare = model.preview ?? document.createElement('canvas');
      take(answer, preview);
      if (model.state.view === 'projections') {
        await (await backward()).project(network, await frame());
      }
    } catch (error) {
      if (!PASSING.includes(asError(error).code)) throw error;
    }
  }
}
