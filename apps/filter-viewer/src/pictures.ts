import type { ChannelStatistics, FieldWindow, Kernels } from '@convlens/core';
import {
  colorize,
  displayRange,
  divergingDark,
  divergingLight,
  sequential,
  type ColorTable,
  type Range,
} from '@convlens/data';
import type { TilePainter } from '@convlens/elements';
import type { TensorData } from '@convlens/onnx';

/** Pictures of a set of units, with what a legend needs. */
export interface Pictures {
  readonly count: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** Pixels between pictures: more where a picture has gaps of its own. */
  readonly gap: number;
  readonly paint: TilePainter;
  readonly table: ColorTable | undefined;
  /** Common range; undefined when every picture has its own. */
  readonly range: Range | undefined;
  /** Range of one unit's picture. */
  readonly rangeOf: (unit: number) => Range;
}

const diverging = (dark: boolean): ColorTable => (dark ? divergingDark : divergingLight);

/**
 * How the slices of one unit lie side by side: K x K kernels in a near-square block with a gap of one pixel, single
 * weights (1 x 1 kernels, dense layers) as one picture with a cell an input.
 */
export function mosaic(kernels: Kernels): {
  readonly columns: number;
  readonly pitchX: number;
  readonly pitchY: number;
  readonly width: number;
  readonly height: number;
} {
  const { inputs, width, height, colour } = kernels;
  if (colour) return { columns: 1, pitchX: width, pitchY: height, width, height };
  const gap = width * height > 1 && inputs > 1 ? 1 : 0;
  const columns = Math.ceil(Math.sqrt((inputs * height) / width));
  const rows = Math.ceil(inputs / columns);
  const pitchX = width + gap;
  const pitchY = height + gap;
  return { columns, pitchX, pitchY, width: columns * pitchX - gap, height: rows * pitchY - gap };
}

/**
 * Index into a unit's weights of the pixel at a place of its mosaic; undefined in the gaps.
 */
export function weightAt(kernels: Kernels, x: number, y: number): number | undefined {
  const { columns, pitchX, pitchY } = mosaic(kernels);
  const column = Math.floor(x / pitchX);
  const row = Math.floor(y / pitchY);
  const input = row * columns + column;
  const kx = x - column * pitchX;
  const ky = y - row * pitchY;
  if (kx >= kernels.width || ky >= kernels.height || input >= kernels.inputs) return undefined;
  return (input * kernels.height + ky) * kernels.width + kx;
}

/**
 * Kernels as pictures: in colour where they read the image (zero is mid grey), else as signed slices.
 *
 * @param kernels weights of a layer
 * @param together one range for all units instead of one each
 * @param dark whether the page is dark
 */
export function kernelPictures(kernels: Kernels, together: boolean, dark: boolean): Pictures {
  const { held, inputs, width, height, colour, data, low, high } = kernels;
  const size = inputs * width * height;
  const plane = width * height;
  let reach = 0;
  for (let unit = 0; unit < held; unit++) reach = Math.max(reach, -low[unit]!, high[unit]!);
  const all: Range = { low: -reach, high: reach };
  const rangeOf = (unit: number): Range => {
    if (together) return all;
    const own = Math.max(-low[unit]!, high[unit]!) || 1;
    return { low: -own, high: own };
  };
  const block = mosaic(kernels);
  const table = diverging(dark);
  const paint: TilePainter = (unit, picture) => {
    const range = rangeOf(unit);
    const scale = 255 / (range.high - range.low);
    for (let y = 0, to = 0; y < picture.height; y++) {
      const sourceY = Math.floor(((y + 0.5) * block.height) / picture.height);
      for (let x = 0; x < picture.width; x++, to += 4) {
        const sourceX = Math.floor(((x + 0.5) * block.width) / picture.width);
        if (colour) {
          const at = unit * size + sourceY * width + sourceX;
          for (let c = 0; c < 3; c++) {
            picture.data[to + c] = (data[at + c * plane]! - range.low) * scale;
          }
          picture.data[to + 3] = 255;
          continue;
        }
        const at = weightAt(kernels, sourceX, sourceY);
        picture.data[to + 3] = at === undefined ? 0 : 255;
        if (at === undefined) continue;
        const entry = Math.round((data[unit * size + at]! - range.low) * scale) * 3;
        picture.data[to] = table[entry]!;
        picture.data[to + 1] = table[entry + 1]!;
        picture.data[to + 2] = table[entry + 2]!;
      }
    }
  };
  return {
    count: held,
    tileWidth: block.width,
    tileHeight: block.height,
    gap: block.columns > 1 && plane > 1 ? 12 : 3,
    paint,
    table: colour ? undefined : table,
    range: together ? all : undefined,
    rangeOf,
  };
}

/**
 * Feature maps as pictures: from zero for values that never go below, signed otherwise.
 *
 * @param activation float32 `[C, H, W]` or `[N]`
 * @param statistics of it
 * @param together one range for all channels instead of one each
 * @param dark whether the page is dark
 */
export function mapPictures(
  activation: TensorData<'float32'>,
  statistics: ChannelStatistics,
  together: boolean,
  dark: boolean,
): Pictures {
  const [channels = 1, height = 1, width = 1] = activation.shape;
  const { low, high, channelLow, channelHigh } = statistics;
  const all = displayRange(low, high);
  const signed = low < 0;
  const table = signed ? diverging(dark) : sequential;
  const vector = height * width === 1;
  const rangeOf = (unit: number): Range => {
    // A vector has one value a unit: its own range would make all pictures alike.
    if (together || vector) return all;
    // Signed layers keep zero in the middle for channels that happen to be positive.
    return displayRange(
      signed ? Math.min(channelLow[unit]!, -1e-30) : channelLow[unit]!,
      channelHigh[unit]!,
    );
  };
  return {
    count: channels,
    tileWidth: width,
    tileHeight: height,
    gap: 3,
    paint: (unit, picture) =>
      colorize(
        activation.data,
        { offset: unit * height * width, width, height },
        rangeOf(unit),
        table,
        picture,
      ),
    table,
    range: together || vector ? all : undefined,
    rangeOf,
  };
}

/**
 * Units in the order wished: as the network has them, or the strongest first.
 *
 * @param strengths one number a unit
 * @param sorted whether to sort
 */
export function orderUnits(strengths: ArrayLike<number>, sorted: boolean): number[] {
  const units = Array.from({ length: strengths.length }, (_, unit) => unit);
  return sorted ? units.sort((a, b) => strengths[b]! - strengths[a]! || a - b) : units;
}

/** The value that an end of the colours stands for: a few strong pixels do not make the others invisible. */
function robustReach(values: Float32Array): number {
  const sizes = Float32Array.from(values, Math.abs).sort();
  return sizes[Math.floor(sizes.length * 0.995)]! || sizes.at(-1)! || 1;
}

/**
 * Something of the input's shape as a picture: in colour around mid grey, or one plane in grey.
 *
 * @param tensor float32 `[C, H, W]`, both signs
 * @param blueFirst true when channel 0 is blue
 */
export function inputPicture(tensor: TensorData<'float32'>, blueFirst: boolean): ImageData {
  const [channels = 1, height = 1, width = 1] = tensor.shape;
  const reach = robustReach(tensor.data);
  const picture = new ImageData(width, height);
  const plane = width * height;
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) {
      const source = channels < 3 ? 0 : blueFirst ? 2 - c : c;
      picture.data[i * 4 + c] = 127.5 * (1 + tensor.data[source * plane + i]! / reach);
    }
    picture.data[i * 4 + 3] = 255;
  }
  return picture;
}

/**
 * An attribution as one plane: signed maps are summed over the colours.
 *
 * @param map float32 `[C, H, W]` or `[H, W]`
 */
export function planeOf(map: TensorData<'float32'>): {
  readonly plane: Float32Array;
  readonly width: number;
  readonly height: number;
  readonly reach: number;
  readonly signed: boolean;
} {
  const [height = 1, width = 1] = map.shape.slice(-2);
  const plane = new Float32Array(width * height);
  map.data.forEach((value, i) => (plane[i % plane.length]! += value));
  return {
    plane,
    width,
    height,
    reach: robustReach(plane),
    signed: plane.some((value) => value < 0),
  };
}

/**
 * Draws the part of a picture that a window of the network's input shows; what lies outside the image stays empty.
 *
 * @param canvas takes the part's size, in pixels of the picture
 * @param picture the whole image
 * @param window in pixels of the input
 * @param extents height and width of the input
 */
export function drawPart(
  canvas: HTMLCanvasElement,
  picture: HTMLCanvasElement,
  window: FieldWindow,
  [height, width]: readonly [height: number, width: number],
): void {
  if (picture.width === 0) return;
  const across = picture.width / width;
  const down = picture.height / height;
  canvas.width = Math.max(1, Math.round(window.width * across));
  canvas.height = Math.max(1, Math.round(window.height * down));
  canvas.getContext('2d')!.drawImage(picture, -window.left * across, -window.top * down);
}
