/** Steps whose reports are kept on a device until they are read, at most. */
export const MOST_UNREAD = 64;

/** Buffers of float32 on a device that are freed together. */
export class Buffers {
  readonly #device: GPUDevice;
  readonly #all: GPUBuffer[] = [];

  /** @param device where they are */
  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** A buffer of zeros. */
  room(length: number): GPUBuffer {
    const buffer = this.#device.createBuffer({
      // Whole vectors of four: runtimes read them so.
      size: 16 * Math.ceil(length / 4),
      usage: USAGE,
    });
    this.#all.push(buffer);
    return buffer;
  }

  /** A buffer with numbers. */
  holding(values: Float32Array): GPUBuffer {
    const buffer = this.room(values.length);
    writeNumbers(this.#device, buffer, values);
    return buffer;
  }

  /** Frees them. */
  destroy(): void {
    for (const buffer of this.#all) buffer.destroy();
    this.#all.length = 0;
  }
}

// GPUBufferUsage and GPUMapMode are no globals where only their types are known, so their numbers stand here.
/** COPY_SRC, COPY_DST, STORAGE. */
const USAGE = 0x04 | 0x08 | 0x80;
/** MAP_READ, COPY_DST. */
const READABLE = 0x01 | 0x08;

/**
 * Writes numbers, in line with what is submitted.
 *
 * @param device where the buffer is
 * @param buffer receives them
 * @param values float32
 * @param first number of the buffer that is written
 */
export function writeNumbers(
  device: GPUDevice,
  buffer: GPUBuffer,
  values: Float32Array,
  first = 0,
): void {
  device.queue.writeBuffer(buffer, 4 * first, values.buffer, values.byteOffset, values.byteLength);
}

/**
 * Makes all numbers zero, in line with what is submitted.
 *
 * @param device where the buffer is
 * @param buffer whose numbers
 */
export function clear(device: GPUDevice, buffer: GPUBuffer): void {
  const encoder = device.createCommandEncoder();
  encoder.clearBuffer(buffer);
  device.queue.submit([encoder.finish()]);
}

/**
 * Reads buffers, all at once.
 *
 * @param device where they are
 * @param wanted buffers, with how many numbers of each
 * @returns the numbers of each
 */
export async function readBuffers(
  device: GPUDevice,
  wanted: readonly (readonly [buffer: GPUBuffer, length: number])[],
): Promise<Float32Array[]> {
  const total = wanted.reduce((sum, [, length]) => sum + length, 0);
  const staging = device.createBuffer({ size: 4 * total, usage: READABLE });
  try {
    const encoder = device.createCommandEncoder();
    let at = 0;
    for (const [buffer, length] of wanted) {
      encoder.copyBufferToBuffer(buffer, 0, staging, at, 4 * length);
      at += 4 * length;
    }
    device.queue.submit([encoder.finish()]);
    // MAP_READ
    await staging.mapAsync(1);
    const all = new Float32Array(staging.getMappedRange().slice(0));
    at = 0;
    return wanted.map(([, length]) => all.slice(at, (at += length)));
  } finally {
    staging.destroy();
  }
}
