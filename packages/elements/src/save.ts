/**
 * Saves a file to the visitor's disk.
 *
 * @param blob contents
 * @param name suggested file name
 */
export function saveFile(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 10_000);
}

/** What `drawSheet` draws. */
export interface Sheet {
  readonly units: readonly number[];
  readonly tileWidth: number;
  readonly tileHeight: number;
  readonly paint: (unit: number, picture: ImageData) => void;
  /** Colour between the pictures. */
  readonly background: string;
}

const LONGEST = 4096;
const GAP = 2;

/**
 * All pictures of a grid in one PNG, enlarged by a whole number while it stays under 4096 px a side; the page keeps
 * its turn in between.
 *
 * @param sheet what to draw
 */
export async function drawSheet(sheet: Sheet): Promise<Blob> {
  const { units, tileWidth, tileHeight, paint, background } = sheet;
  const columns = Math.ceil(Math.sqrt((units.length * tileHeight) / tileWidth));
  const rows = Math.ceil(units.length / columns);
  const fitting = Math.min(
    (LONGEST / columns - GAP) / tileWidth,
    (LONGEST / rows - GAP) / tileHeight,
    Math.max(1, 96 / tileWidth),
  );
  const scale = fitting >= 1 ? Math.floor(fitting) : Math.max(1 / tileWidth, fitting);
  const width = Math.max(1, Math.round(tileWidth * scale));
  const height = Math.max(1, Math.round(tileHeight * scale));
  const canvas = document.createElement('canvas');
  canvas.width = columns * (width + GAP) + GAP;
  canvas.height = rows * (height + GAP) + GAP;
  const context = canvas.getContext('2d')!;
  context.fillStyle = background;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  const picture = new ImageData(Math.min(width, tileWidth), Math.min(height, tileHeight));
  const scratch = document.createElement('canvas');
  scratch.width = picture.width;
  scratch.height = picture.height;
  const brush = scratch.getContext('2d', { willReadFrequently: true })!;
  let until = performance.now() + 16;
  for (const [place, unit] of units.entries()) {
    paint(unit, picture);
    brush.putImageData(picture, 0, 0);
    const left = GAP + (place % columns) * (width + GAP);
    const top = GAP + Math.floor(place / columns) * (height + GAP);
    context.drawImage(scratch, left, top, width, height);
    if (performance.now() > until) {
      await new Promise((resolve) => setTimeout(resolve));
      until = performance.now() + 16;
    }
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob) resolve(blob);
      else reject(new Error('The browser could not make a PNG of this size.'));
    }, 'image/png');
  });
}
