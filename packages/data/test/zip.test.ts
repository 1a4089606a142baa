import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { openZip } from '../src/zip.js';

/** Bytes that pack well and do not say which file they are of. */
const contents = (seed: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * seed) % 17);

const archive = (bytes: Uint8Array): Blob => new Blob([Uint8Array.from(bytes)]);

const packed = zipSync({
  'a.png': contents(3, 5000),
  folder: { 'ü.jpg': [contents(5, 700), { level: 0 }], empty: {} },
  'last.txt': strToU8('the end'),
});

describe('zip archives', () => {
  it('lists files without their folders, and reads each when asked', async () => {
    const entries = await openZip(archive(packed));
    expect(entries.map(({ name, size }) => [name, size])).toEqual([
      ['a.png', 5000],
      ['folder/ü.jpg', 700],
      ['last.txt', 7],
    ]);
    expect(await entries[0]!.read()).toEqual(contents(3, 5000));
    expect(await entries[1]!.read()).toEqual(contents(5, 700));
    expect(new TextDecoder().decode(await entries[2]!.read())).toBe('the end');
  });

  it('reads an archive with a comment at its end', async () => {
    const comment = strToU8('a comment');
    const bytes = new Uint8Array([...packed, ...comment]);
    new DataView(bytes.buffer).setUint16(packed.length - 2, comment.length, true);
    expect((await openZip(archive(bytes))).length).toBe(3);
  });

  it('reads the wide records of archives beyond 65,535 files or 4 GB', async () => {
    const file = zipSync({ 'a.png': [contents(3, 50), { level: 0 }] });
    const old = new DataView(file.buffer, file.byteOffset);
    const end = file.length - 22;
    const [bytes, start] = [old.getUint32(end + 12, true), old.getUint32(end + 16, true)];
    const entry = file.slice(start, start + bytes);
    const record = new DataView(entry.buffer);
    const extra = new DataView(new ArrayBuffer(28));
    extra.setUint16(0, 1, true);
    extra.setUint16(2, 24, true);
    [50, 50, 0].forEach((value, i) => extra.setBigUint64(4 + 8 * i, BigInt(value), true));
    for (const at of [20, 24, 42]) record.setUint32(at, 0xffffffff, true);
    record.setUint16(30, 28, true);
    const wide = new DataView(new ArrayBuffer(56));
    wide.setUint32(0, 0x06064b50, true);
    [1, 1, bytes + 28, start].forEach((value, i) =>
      wide.setBigUint64(24 + 8 * i, BigInt(value), true),
    );
    const locator = new DataView(new ArrayBuffer(20));
    locator.setUint32(0, 0x07064b50, true);
    locator.setBigUint64(8, BigInt(start + bytes + 28), true);
    const tail = file.slice(end);
    tail.fill(0xff, 8, 20);
    const whole = new Blob([
      Uint8Array.from(file.subarray(0, start)),
      Uint8Array.from(entry),
      extra.buffer,
      wide.buffer,
      locator.buffer,
      Uint8Array.from(tail),
    ]);
    const entries = await openZip(whole);
    expect(entries.map(({ name, size }) => [name, size])).toEqual([['a.png', 50]]);
    expect(await entries[0]!.read()).toEqual(contents(3, 50));
  });

  it('says what is wrong, and reads what is whole', async () => {
    await expect(openZip(new Blob(['no archive at all, but long enough']))).rejects.toMatchObject({
      code: 'E_ZIP',
    });
    await expect(openZip(new Blob(['']))).rejects.toThrow(/no list of contents/);
    await expect(openZip(archive(packed.subarray(100)))).rejects.toMatchObject({ code: 'E_ZIP' });
    const broken = packed.slice();
    // The first file's data begins after its header and name.
    broken.fill(0xff, 30 + 'a.png'.length, 30 + 'a.png'.length + 20);
    const entries = await openZip(archive(broken));
    await expect(entries[0]!.read()).rejects.toThrow(/"a\.png" in it is damaged/);
    expect(await entries[1]!.read()).toEqual(contents(5, 700));
  });
});
