import * as Comlink from 'comlink';
import { LensError } from '@convlens/onnx';
import type { BackendReport, NetworkSummary } from '../../src/shared/api.js';
import { installErrorHandler } from '../../src/shared/comlink-errors.js';
import { PROTOCOL_VERSION, type EngineApi } from '../../src/shared/protocol.js';
import { holdLockOnRequest } from '../../src/worker/hold-lock.js';

/** What the tests ask for in place of a network's name. */
export interface FakeRequest {
  /** `dies` once while it holds state; `hangs` without hearing anything; `waits` until it is cancelled; else answers. */
  readonly does: 'answers' | 'dies' | 'hangs' | 'waits' | 'overflows';
  readonly state?: { readonly step: number };
}

/** What the fake worker answers: what it has, and what it was asked for. */
export interface FakeAnswer {
  readonly worker: string;
  readonly backend: string | undefined;
  readonly open: readonly string[];
  readonly state: FakeRequest['state'];
}

installErrorHandler();
holdLockOnRequest();

const worker = crypto.randomUUID();
const open = new Map<string, string>();
const cancels = new Map<number, () => void>();
let backend: BackendReport | undefined;
let port: MessagePort;

const api: EngineApi = {
  start(_config, given) {
    port = given;
    return Promise.resolve({ version: PROTOCOL_VERSION });
  },
  cancel(call) {
    cancels.get(call)?.();
    return Promise.resolve();
  },
  pause: () => Promise.resolve(),
  openNetwork(_call, handle, { id }) {
    if (id === 'refused') throw new LensError('E_ONNX_INVALID', 'That is no network.');
    open.set(handle, id);
    return Promise.resolve({ id, handle, title: id } as unknown as NetworkSummary);
  },
  openImage(_call, handle, { what = '' }) {
    open.set(handle, what);
    return Promise.resolve({ handle, width: 1, height: 1 });
  },
  close(id) {
    open.delete(id);
    return Promise.resolve();
  },
  useBackend(_call, choice) {
    backend = {
      ...{ backend: choice === 'webgpu' ? 'webgpu' : 'wasm', runtime: 'ort-wasm', threads: 1 },
      ...{ reason: choice, startMs: 0, failed: [] },
    };
    return Promise.resolve(backend);
  },
  memory: () => Promise.reject(new Error('not asked for')),
  run(call, _kind, request) {
    const { does, state } = request as FakeRequest;
    if (does === 'hangs' || does === 'waits') port.postMessage({ call, frame: { begun: true } });
    if (does === 'hangs') for (;;);
    if (does === 'waits') {
      return new Promise((_, reject) => {
        cancels.set(call, () => reject(new LensError('E_ABORTED', 'Cancelled.')));
      });
    }
    if (does === 'overflows' && !state) {
      port.postMessage({ call, frame: { state: { step: 1 } } });
      return Promise.reject(new LensError('E_RUNTIME_OVERFLOW', 'Too large.'));
    }
    if (does === 'dies' && !state) {
      port.postMessage({ call, frame: { state: { step: 3 } } });
      // After the frame is on its way.
      setTimeout(() => close());
      return new Promise(() => undefined);
    }
    const answer: FakeAnswer = {
      ...{ worker, backend: backend?.reason, open: [...open.values()].sort(), state },
    };
    return Promise.resolve(answer);
  },
};

Comlink.expose(api);
