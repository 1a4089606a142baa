import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Networks and operators with known answers; they are kept beside the repository, or in it. */
const places = ['../../../../shared/', '../../../shared/'].map(
  (at) => new URL(at, import.meta.url),
);
const shared = places.find(existsSync) ?? places[0]!;
const folders = ['models/', 'real/', 'oracles/ops/'].map((folder) => new URL(folder, shared));

/** Folders that are not there. */
export const missing = folders
  .filter((folder) => !existsSync(folder))
  .map((url) => fileURLToPath(url));

/** Names and places of all ONNX files there. */
export const files = folders.filter(existsSync).flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.onnx'))
    .map((name) => [basename(name, '.onnx'), new URL(name, folder)] as const),
);
