import { announce, type Camera } from '@convlens/elements';

/** One frame of the camera, to be asked for as often as it is needed: a bitmap that is sent away is gone. */
export type Frame = () => Promise<ImageBitmap>;

/** What the camera's frames are for. */
export interface LiveHost {
  /** Width / height of the window wanted; undefined while there is nothing to show frames to. */
  aspect(): number | undefined;
  /**
   * Shows a frame; the next one is asked for when this is done, so that nothing queues up.
   *
   * @param frame copies of the frame
   * @param current whether the camera still runs
   * @throws to end the camera
   */
  show(frame: Frame, current: () => boolean): Promise<void>;
  /** The camera failed. */
  fail(error: unknown): void;
  /** Something changed that is shown. */
  changed(): void;
}

/** The camera while it is on: frame after frame. */
export class Live {
  readonly #host: LiveHost;
  camera: Camera | undefined;
  frozen = false;
  framesPerSecond = 0;

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
      const aspect = this.#host.aspect();
      if (this.frozen || aspect === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        last = performance.now();
        continue;
      }
      let bitmap: ImageBitmap | undefined;
      try {
        const frame = (bitmap = await camera.frame(aspect));
        const current = (): boolean => this.camera === camera && !this.frozen;
        await this.#host.show(() => createImageBitmap(frame), current);
      } catch (error) {
        this.#host.fail(error);
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
}
