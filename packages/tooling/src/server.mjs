// Serves the built gallery: what `npm start` shows, and what the browser tests load in several header modes.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.onnx': 'application/octet-stream',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};

/**
 * Headers by mode: `isolated` lets WebAssembly use threads, `plain` is any static host, `strict` is the tightest
 * content security policy that the documentation promises to work under.
 */
const MODES = {
  plain: {},
  isolated: {
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  },
  strict: {
    'content-security-policy':
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self'; " +
      "img-src 'self' blob: data:; style-src 'self'; media-src 'self' blob:",
  },
};

function statFile(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isDirectory()
    ? statFile(join(path, 'index.html'))
    : found && { path, size: found.size };
}

/**
 * Starts a server for a folder on this machine only.
 *
 * @param {string} folder what to serve
 * @param {{ port?: number, mode?: keyof typeof MODES, making?: () => boolean }} [options] port 0 takes any free one;
 *   while something is still making files, one that is not there yet is waited for
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export function serve(folder, { port = 0, mode = 'isolated', making = () => false } = {}) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const path = normalize(join(folder, decodeURIComponent(pathname)));
    const find = () => (path.startsWith(normalize(folder)) ? statFile(path) : undefined);
    let file = find();
    while (!file && making() && extname(path) === '.png' && !request.destroyed) {
      await setTimeout(250);
      file = find();
    }
    // Others may embed the elements: every file may be read from any page.
    const headers = {
      ...MODES[mode],
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    };
    if (!file) {
      response.writeHead(404, { ...headers, 'content-type': 'text/plain' }).end('Not found');
      return;
    }
    if (
      file.path.endsWith('index.html') &&
      !pathname.endsWith('/') &&
      !pathname.endsWith('.html')
    ) {
      response.writeHead(301, { ...headers, location: `${pathname}/` }).end();
      return;
    }
    const hashed = /-[\w-]{8}\.\w+$/.test(file.path);
    response.writeHead(200, {
      ...headers,
      'content-type': TYPES[extname(file.path)] ?? 'application/octet-stream',
      'content-length': file.size,
      'cache-control': hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
    if (request.method === 'HEAD') response.end();
    else createReadStream(file.path).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, () => {
      const { port: taken } = server.address();
      resolve({
        url: `http://localhost:${taken}/`,
        close: () => new Promise((done) => server.close(() => done())),
      });
    });
  });
}
