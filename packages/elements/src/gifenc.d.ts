// The package brings no types of its own.
declare module 'gifenc' {
  /** Colours, three bytes each. */
  export type Palette = number[][];
  /** Writes frames one after the other. */
  export interface Encoder {
    writeFrame(
      indices: Uint8Array,
      width: number,
      height: number,
      options?: { palette?: Palette; delay?: number; repeat?: number },
    ): void;
    finish(): void;
    bytes(): Uint8Array;
  }
  export function GIFEncoder(): Encoder;
  /** How finely colours are told apart. */
  export type Format = 'rgb565' | 'rgb444';
  export function quantize(
    data: Uint8Array | Uint8ClampedArray,
    colours: number,
    options?: { format?: Format },
  ): Palette;
  export function applyPalette(
    data: Uint8Array | Uint8ClampedArray,
    palette: Palette,
    format?: Format,
  ): Uint8Array;
}
