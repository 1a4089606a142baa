import { describe, expect, it } from 'vitest';
import { inferShapes, LensError, read, simplify, write } from '../src/index.js';
import { errorOf, floats, graph, info, longs, node, random } from './build.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const latin = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** A small network with something of everything: weights, attributes, a constant, metadata. */
const small = write(
  graph({
    inputs: [info('x', ['N', 2, 4, 4])],
    outputs: [info('y', ['N', 48])],
    nodes: [
      node('Conv', ['x', 'w', 'b'], ['c'], { pads: [1, 1, 1, 1], auto_pad: 'NOTSET' }),
      node('LeakyRelu', ['c'], ['r'], { alpha: { type: 'float', value: 0.1 } }),
      node('Shape', ['r'], ['s']),
      node('Gather', ['s', 'zero'], ['n']),
      node('Concat', ['n', 'rest'], ['t'], { axis: 0 }),
      node('Reshape', ['r', 't'], ['y']),
    ],
    weights: { w: floats([3, 2, 3, 3]), b: floats([3]), zero: longs(0), rest: longs(-1) },
    metadata: new Map([['a', 'b']]),
    producer: 'test',
  }),
);

describe('a file that is no ONNX model is named for what it is', () => {
  it.each([
    ['<!DOCTYPE html><html>', 'an HTML page'],
    ['\n  <html lang="en">', 'an HTML page'],
    ['\ufeff<!doctype html>', 'an HTML page'],
    ['{"message": "Not Found"}', 'JSON'],
    ['[\n  1, 2]', 'JSON'],
    [
      'version https://git-lfs.github.com/spec/v1\noid',
      'a Git LFS pointer, not the file it points to',
    ],
    ['%PDF-1.7', 'a PDF document'],
    ['', 'an empty file'],
  ])('%j', (text, kind) => {
    expect(errorOf(() => read(bytesOf(text)))).toEqual({
      code: 'E_ONNX_NOT_ONNX',
      message: `This is not an ONNX model. Got ${kind}. Choose a file that an exporter wrote as .onnx.`,
    });
  });

  it.each([
    ['\x89PNG\r\n\x1a\n', 'a PNG picture'],
    ['\xff\xd8\xff\xe0', 'a JPEG picture'],
    ['PK\x03\x04\x14', 'a zip archive'],
    ['\x80\x02}q\x00', 'a Python pickle'],
    ['\x1f\x8b\x08', 'a gzip archive'],
    ['\x89HDF\r\n', 'an HDF5 file'],
    ['\x1c\0\0\0TFL3', 'a TensorFlow Lite model'],
    ['\x93NUMPY\x01', 'a NumPy array'],
  ])('%j', (text, kind) => {
    const error = errorOf(() => read(latin(text)));
    expect(error.code).toBe('E_ONNX_NOT_ONNX');
    expect(error.message).toContain(`Got ${kind}`);
  });

  it('bytes that parse as a message but hold no graph are not ONNX', () => {
    expect(errorOf(() => read(bytesOf('\x12\x03abc'))).code).toBe('E_ONNX_NOT_ONNX');
    expect(errorOf(() => read(bytesOf('Not found'))).code).toBe('E_ONNX_NOT_ONNX');
  });
});

describe('a damaged file', () => {
  it('that was cut off says so, wherever it was cut', () => {
    for (let length = 1; length < small.length; length++) {
      const { code } = errorOf(() => read(small.subarray(0, length)));
      expect(`${length}: ${code}`).toMatch(/E_ONNX_(TRUNCATED|NOT_ONNX)$/);
      if (length > 2) expect(code).toBe('E_ONNX_TRUNCATED');
    }
    expect(read(small).nodes.length).toBe(6);
  });

  it('never raises anything but a LensError, whichever bytes are wrong', () => {
    const { data } = random(7, [4000]);
    let refused = 0;
    for (let i = 0; i < 2000; i++) {
      const bytes = small.slice();
      for (let k = 0; k <= i % 3; k++) {
        const at = Math.floor(((data[i] ?? 0) + 1) * 0.5 * bytes.length + k * 31) % bytes.length;
        bytes[at] = Math.floor(((data[i + 2000] ?? 0) + 1) * 128) + k;
      }
      try {
        simplify(inferShapes(read(bytes)));
      } catch (error) {
        refused++;
        if (!(error instanceof LensError)) throw error;
      }
    }
    expect(refused).toBeGreaterThan(500);
  });

  it('of random bytes never raises anything but a LensError', () => {
    for (let seed = 1; seed < 300; seed++) {
      const { data } = random(seed * 7919, [64]);
      const bytes = Uint8Array.from(data, (v) => (v + 1) * 128);
      bytes[0] = [0x08, 0x3a, 0x42, 0x72][seed % 4] ?? 0;
      expect(errorOf(() => read(bytes)).code).toMatch(/^E_ONNX_/);
    }
  });
});

describe('versions', () => {
  const withOpset = (opset: number) =>
    write(
      graph({
        opset,
        inputs: [info('x', [1])],
        outputs: [info('y', [1])],
        nodes: [node('Relu', ['x'], ['y'])],
      }),
    );

  it('operator sets before 7 are refused, all others are read', () => {
    expect(errorOf(() => read(withOpset(6)))).toEqual({
      code: 'E_ONNX_VERSION',
      message:
        'The model uses version 6 of the ONNX operators; ONNX Runtime Web starts at version 7. Export it again with opset 13 or later.',
    });
    for (const opset of [7, 9, 13, 17, 18, 19, 21, 22, 23, 24, 25]) {
      expect(read(withOpset(opset)).opset).toBe(opset);
    }
  });
});
