/** An image as 8-bit RGBA, straight (not premultiplied) alpha, row by row from the top left. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** `4 * width * height` bytes. */
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** A rectangle of whole pixels inside an image. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The largest centred window with the aspect of a network's input; its size and offsets are rounded down.
 *
 * @param width image width in pixels
 * @param height image height in pixels
 * @param aspect width / height of the network's input
 */
export function centredWindow(width: number, height: number, aspect: number): Window {
  const wide = width > height * aspect;
  const windowWidth = wide ? Math.max(1, Math.floor(height * aspect)) : width;
  const windowHeight = wide ? height : Math.max(1, Math.floor(width / aspect));
  return {
    left: Math.floor((width - windowWidth) / 2),
    top: Math.floor((height - windowHeight) / 2),
    width: windowWidth,
    height: windowHeight,
  };
}

/**
 * The image laid over an opaque background, so that transparent areas have a defined colour for a network.
 *
 * @param pixels any image
 * @param background grey level 0..255 under transparent areas
 * @returns the same object when nothing is transparent
 */
export function flatten(pixels: Pixels, background = 255): Pixels {
  const { data } = pixels;
  let opaque = true;
  for (let i = 3; i < data.length; i += 4) {
    if (data[i] !== 255) {
      opaque = false;
      break;
    }
  }
  if (opaque) return pixels;
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3]! / 255;
    for (let c = 0; c < 3; c++) {
      out[i + c] = Math.round(data[i + c]! * alpha + background * (1 - alpha));
    }
    out[i + 3] = 255;
  }
  return { ...pixels, data: out };
}
