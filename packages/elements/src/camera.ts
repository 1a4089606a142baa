import { LensError } from '@convlens/onnx';

const REMEDIES: Record<string, string> = {
  NotAllowedError:
    'The browser or you did not allow it. Allow the camera for this page in the address bar, then try again.',
  NotFoundError: 'No camera was found. Connect one, then try again.',
  NotReadableError: 'Another program is using it. Close that one, then try again.',
};

/** The visitor's camera. Nothing it sees leaves the page. */
export class Camera {
  readonly #video: HTMLVideoElement;
  readonly #stream: MediaStream;

  private constructor(video: HTMLVideoElement, stream: MediaStream) {
    this.#video = video;
    this.#stream = stream;
  }

  /**
   * Asks for the camera and starts it.
   *
   * @throws LensError `E_CAMERA` when it is refused, missing or busy
   */
  static async open(): Promise<Camera> {
    // Absent in insecure contexts and in frames without the permission.
    const devices = (navigator as { mediaDevices?: MediaDevices }).mediaDevices;
    if (!devices) {
      throw new LensError(
        'E_CAMERA',
        'The camera needs a page served over https, or from this machine.',
      );
    }
    let stream: MediaStream;
    try {
      stream = await devices.getUserMedia({ video: { width: 640, height: 480 }, audio: false });
    } catch (cause) {
      const name = cause instanceof Error ? cause.name : '';
      throw new LensError(
        'E_CAMERA',
        `The camera could not be opened. ${REMEDIES[name] ?? 'Check that it is connected and allowed, then try again.'}`,
        { cause },
      );
    }
    const video = document.createElement('video');
    video.muted = true;
    video.playsInline = true;
    video.srcObject = stream;
    await video.play();
    return new Camera(video, stream);
  }

  /**
   * The frame of this moment, its largest centred window of an aspect.
   *
   * @param aspect width / height
   */
  frame(aspect: number): Promise<ImageBitmap> {
    const { videoWidth, videoHeight } = this.#video;
    const width = Math.min(videoWidth, videoHeight * aspect);
    const height = Math.min(videoHeight, videoWidth / aspect);
    return createImageBitmap(
      this.#video,
      Math.floor((videoWidth - width) / 2),
      Math.floor((videoHeight - height) / 2),
      Math.floor(width),
      Math.floor(height),
    );
  }

  /** Turns the camera off. */
  close(): void {
    for (const track of this.#stream.getTracks()) track.stop();
    this.#video.srcObject = null;
  }
}
