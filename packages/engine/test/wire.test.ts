import { describe, expect, it } from 'vitest';
import { LensError } from '@convlens/onnx';
import { writePng } from '@convlens/data/png';
import { buffersOf, fromWire, toWire } from '../src/shared/wire.js';
import { checkImageSize, sizeFromHeader } from '../src/worker/images.js';
import { Calls } from '../src/worker/calls.js';
import { Queue } from '../src/worker/queue.js';

describe('errors between threads', () => {
  it('keep code, message and causes through structured cloning', () => {
    const cause = new TypeError('inner');
    const error = new LensError('E_FETCH', 'outer', { cause });
    const back = fromWire(structuredClone(toWire(error)));
    expect(back).toBeInstanceOf(LensError);
    expect([back.code, back.message]).toEqual(['E_FETCH', 'outer']);
    expect(back.cause).toMatchObject({ code: 'E_INTERNAL', message: 'inner' });
    expect(fromWire(toWire('text')).message).toBe('text');
  });

  it('finds every buffer of a result once', () => {
    const data = new Float32Array(4);
    const result = {
      a: [{ data }, { data: data.subarray(1) }],
      b: new Uint8Array(2),
      c: null,
      d: 'x',
    };
    expect(buffersOf(result).size).toBe(2);
  });
});

describe('calls', () => {
  it('end with E_ABORTED when cancelled, and report under their number', async () => {
    const said: number[] = [];
    const calls = new Calls(({ call }) => said.push(call));
    const running = calls.run(7, async (call) => {
      call.report({ stage: 'read', what: 'a' });
      await Promise.resolve();
      call.check();
    });
    calls.cancel(7);
    await expect(running).rejects.toMatchObject({ code: 'E_ABORTED' });
    expect(said).toEqual([7]);
    calls.cancel(7);
  });

  it('run one after the other, also after one has failed', async () => {
    const queue = new Queue();
    const order: string[] = [];
    const task =
      (name: string, fails = false) =>
      async (): Promise<void> => {
        order.push(`${name} begins`);
        await Promise.resolve();
        order.push(`${name} ends`);
        if (fails) throw new Error(name);
      };
    const results = await Promise.allSettled([
      queue.add(task('a', true)),
      queue.add(task('b')),
      queue.add(task('c')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });
});

describe('image headers', () => {
  it('are read without decoding', () => {
    const png = writePng({ width: 300, height: 7, data: new Uint8Array(8400) });
    expect(sizeFromHeader(png)).toEqual([300, 7]);
    const jpeg = new Uint8Array(64);
    jpeg.set([
      0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc4, 0, 3, 0, 0xff, 0xc2, 0, 17, 8, 0x12, 0x34,
      0x4e, 0x20,
    ]);
    expect(sizeFromHeader(jpeg)).toEqual([0x4e20, 0x1234]);
    const gif = new Uint8Array(64);
    gif.set([...new TextEncoder().encode('GIF89a'), 0x40, 1, 0xf0, 0]);
    expect(sizeFromHeader(gif)).toEqual([320, 240]);
    expect(sizeFromHeader(new Uint8Array(100))).toBeUndefined();
    expect(sizeFromHeader(new Uint8Array(3))).toBeUndefined();
  });

  it('decide what is too large, with the size in words', () => {
    expect(() => checkImageSize(4000, 3000)).not.toThrow();
    expect(() => checkImageSize(20_000, 10)).toThrow(/20,000 x 10 pixels/);
    expect(() => checkImageSize(16_000, 16_000)).toThrow(/128 megapixels/);
  });
});
