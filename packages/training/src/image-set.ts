/** Images with their classes, as they are learnt from. */
export interface ImageSet {
  /** `[channels, height, width]` of an image. */
  readonly shape: readonly [number, number, number];
  /** Names of the classes. */
  readonly classes: readonly string[];
  /** float32 `[count, channels, height, width]`. */
  readonly images: Float32Array;
  /** The class of each image. */
  readonly labels: Uint8Array | Uint16Array | Int32Array;
}
