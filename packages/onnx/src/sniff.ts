/** First bytes of files that people hand over by mistake: text, or bytes in hexadecimal, and the name of the kind. */
const kinds: readonly (readonly [offset: number, magic: string, kind: string])[] = [
  [0, '\x89PNG', 'a PNG picture'],
  [0, '\xff\xd8\xff', 'a JPEG picture'],
  [0, 'GIF8', 'a GIF picture'],
  [8, 'WEBP', 'a WebP picture'],
  [0, '%PDF', 'a PDF document'],
  [0, 'PK\x03\x04', 'a zip archive (PyTorch .pt and Keras .keras files are such archives too)'],
  [0, '\x1f\x8b', 'a gzip archive'],
  [0, '\x89HDF', 'an HDF5 file (Keras .h5)'],
  [0, '\x93NUMPY', 'a NumPy array'],
  [4, 'TFL3', 'a TensorFlow Lite model'],
  [4, 'ORTM', 'a model in the ORT format'],
  [8, '{"', 'a safetensors file'],
  [0, '\x80\x02', 'a Python pickle (older PyTorch .pt and .pth files are pickles)'],
  [0, '\x80\x03', 'a Python pickle'],
  [0, '\x80\x04', 'a Python pickle'],
  [0, '\x80\x05', 'a Python pickle'],
  [0, 'version https://git-lfs', 'a Git LFS pointer, not the file it points to'],
];

/** Tags a ModelProto can begin with: its fields that people's writers put first. */
const firstTags = new Set([0x08, 0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72]);

/**
 * The kind of a file that cannot be an ONNX model, in words; `undefined` when it may be one.
 *
 * @param bytes the file, or at least its first 64 bytes
 */
export function sniff(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return 'an empty file';
  const head = String.fromCharCode(...bytes.subarray(0, 64));
  for (const [offset, magic, kind] of kinds) if (head.startsWith(magic, offset)) return kind;
  const text = head.replace(/^\xef\xbb\xbf/, '').trimStart();
  if (/^<(!do|html|head|body|\?xml|!--)/i.test(text)) return 'an HTML page';
  if (/^[{[]\s*(["{[\]}]|-?\d|$)/.test(text)) return 'JSON';
  return firstTags.has(bytes[0]!) ? undefined : 'something else';
}
