import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { float32, LensError, read, type Graph } from '@convlens/onnx';
import { createNodeExecutor } from '../src/node/index.js';
import { Backends } from '../src/worker/backends.js';
import type { RuntimeId } from '../src/shared/api.js';
import { CONFORMANCE_CASE } from '../src/worker/conformance-case.js';
import type { Call } from '../src/worker/calls.js';
import type { Measurements } from '../src/worker/speed.js';
import type { OrtExecutor } from '../src/worker/ort-executor.js';
import type { Runtime, RuntimeFactory } from '../src/worker/runtime.js';

const call: Call = {
  frame: () => undefined,
  uses: () => undefined,
  signal: new AbortController().signal,
  paused: false,
  report: () => undefined,
  check: () => undefined,
};

/** An executor that is off by one: a driver that computes wrong numbers. */
function wrongExecutor(): OrtExecutor {
  const right = createNodeExecutor();
  return {
    sessions: 0,
    prepare: async (graph: Graph) => {
      const program = await right.prepare(graph);
      return {
        run: async (feeds: Parameters<typeof program.run>[0]) =>
          Object.fromEntries(
            Object.entries(await program.run(feeds)).map(([name, { data, shape }]) => [
              name,
              float32(
                (data as Float32Array).map((value) => value + 1),
                shape,
              ),
            ]),
          ),
        dispose: () => program.dispose(),
      };
    },
  } as unknown as OrtExecutor;
}

/** The clock that runs are timed by stands still, but for what an executor says it takes. */
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** An executor that takes its time. */
function slowExecutor(ms: number): OrtExecutor {
  const right = createNodeExecutor();
  return {
    sessions: 0,
    prepare: async (graph: Graph) => {
      const program = await right.prepare(graph);
      return {
        run: async (feeds: Parameters<typeof program.run>[0]) => {
          vi.advanceTimersByTime(ms);
          return program.run(feeds);
        },
        dispose: () => program.dispose(),
      };
    },
  } as unknown as OrtExecutor;
}

/** Something that a test lets pass when it is time. */
function gate(): { readonly passed: Promise<void>; readonly pass: () => void } {
  let pass = (): void => undefined;
  const passed = new Promise<void>((resolve) => (pass = resolve));
  return { passed, pass };
}

/** Measurements that are kept as long as the test. */
function kept(): Measurements & { readonly map: Map<RuntimeId, number> } {
  const map = new Map<RuntimeId, number>();
  return {
    map,
    get: (id) => Promise.resolve(map.get(id)),
    set: (id, ms) => Promise.resolve(void map.set(id, ms)),
  };
}

interface Fake extends RuntimeFactory {
  starts: number;
  disposed: number;
  lose: () => void;
}

function fake(
  backend: 'webgpu' | 'wasm',
  options: { executor?: OrtExecutor; refuse?: string; shy?: boolean; id?: RuntimeId } = {},
): Fake {
  const id = options.id ?? (backend === 'wasm' ? 'ort-wasm' : 'ort-webgpu');
  const self: Fake = {
    backend,
    id,
    starts: 0,
    disposed: 0,
    lose: () => undefined,
    start(_call, onLost, insist): Promise<Runtime> {
      self.starts++;
      self.lose = onLost;
      const refuse = options.refuse ?? (options.shy && !insist ? 'emulated' : undefined);
      if (refuse !== undefined) return Promise.reject(new LensError('E_BACKEND_INIT', refuse));
      return Promise.resolve({
        backend,
        id,
        threads: 1,
        executor: options.executor ?? createNodeExecutor(),
        reason: `${backend} works.`,
        dispose: () => {
          self.disposed++;
          return Promise.resolve();
        },
      });
    },
  };
  return self;
}

describe('choosing a backend', () => {
  it('takes the best that works and says why', async () => {
    const backends = new Backends([fake('webgpu'), fake('wasm')]);
    const report = await backends.use('auto', call);
    expect([report.backend, report.reason]).toEqual(['webgpu', 'webgpu works.']);
  });

  it('passes over one that computes wrong numbers', async () => {
    const gpu = fake('webgpu', { executor: wrongExecutor() });
    const report = await new Backends([gpu, fake('wasm')]).use('auto', call);
    expect(report.backend).toBe('wasm');
    expect(report.reason).toMatch(
      /WebGPU is not used:.*wrong numbers.*scores.*off by.*gradient.*off by/,
    );
    expect(gpu.disposed).toBe(1);
  });

  it('takes an emulated GPU only when told to', async () => {
    const backends = new Backends([fake('webgpu', { shy: true }), fake('wasm')]);
    expect((await backends.use('auto', call)).backend).toBe('wasm');
    expect((await backends.use('webgpu', call)).backend).toBe('webgpu');
  });

  it.each([
    ['as it begins to pass that over', false],
    ['while it passes that over', true],
  ])('takes what is chosen %s', async (_, waits) => {
    const shy = fake('webgpu', { shy: true });
    const [begun, open] = [gate(), gate()];
    const start: Fake['start'] = async (...asked) => {
      begun.pass();
      await open.passed;
      return shy.start(...asked);
    };
    const backends = new Backends([{ ...shy, start }, fake('wasm')]);
    const first = backends.use('auto', call);
    if (waits) await begun.passed;
    const chosen = backends.use('webgpu', call);
    open.pass();
    expect((await first).backend).toBe('wasm');
    expect((await chosen).backend).toBe('webgpu');
    expect((await backends.runtime(call)).runtime.backend).toBe('webgpu');
  });

  it('falls back when the chosen one does not work, and keeps the person informed', async () => {
    const backends = new Backends([fake('webgpu', { refuse: 'no adapter.' }), fake('wasm')]);
    const report = await backends.use('webgpu', call);
    expect(report.backend).toBe('wasm');
    expect(report.failed).toEqual([
      { backend: 'webgpu', runtime: 'ort-webgpu', message: 'no adapter.' },
    ]);
  });

  it('names every reason when none works, and tries them again next time', async () => {
    const gpu = fake('webgpu', { refuse: 'no adapter.' });
    const wasm = fake('wasm', { refuse: 'file missing.' });
    const backends = new Backends([gpu, wasm]);
    await expect(backends.use('auto', call)).rejects.toThrow(
      /WebGPU: no adapter\. WASM: file missing\./,
    );
    await expect(backends.use('auto', call)).rejects.toThrow(/No compute backend/);
    expect([gpu.starts, wasm.starts]).toEqual([2, 2]);
  });

  it('goes on with the next after a loss and does not return to the lost one by itself', async () => {
    const gpu = fake('webgpu');
    const wasm = fake('wasm');
    const backends = new Backends([gpu, wasm]);
    let changes = 0;
    backends.onChange = () => changes++;
    await backends.runtime(call);
    gpu.lose();
    expect((await backends.runtime(call)).report.backend).toBe('wasm');
    expect((await backends.use('auto', call)).backend).toBe('wasm');
    expect([gpu.starts, wasm.starts, changes]).toEqual([1, 1, 2]);
    expect((await backends.use('webgpu', call)).backend).toBe('webgpu');
    expect(wasm.disposed).toBe(1);
  });

  it('ends a run that waits for a device that was lost', async () => {
    // As runtimes do when the GPU's process crashes: the answer never comes.
    let hangs = false;
    const right = createNodeExecutor();
    const hanging = {
      sessions: 0,
      prepare: async (graph: Graph) => {
        const program = await right.prepare(graph);
        const never = new Promise<never>(() => undefined);
        return {
          run: (feeds: Parameters<typeof program.run>[0]) => (hangs ? never : program.run(feeds)),
          dispose: () => (hangs ? never : program.dispose()),
        };
      },
    } as unknown as OrtExecutor;
    const webgpu = fake('webgpu', { executor: hanging });
    const backends = new Backends([webgpu, fake('wasm')]);
    const { runtime } = await backends.runtime(call);
    const program = await runtime.executor.prepare(
      read(Buffer.from(CONFORMANCE_CASE.model, 'base64')),
    );
    const feeds = {
      x: float32(new Float32Array(243), [1, 3, 9, 9]),
      dy: float32(new Float32Array(4), [1, 4]),
    };
    await program.run(feeds);
    hangs = true;
    const under = program.run(feeds);
    webgpu.lose();
    await expect(under).rejects.toMatchObject({ code: 'E_BACKEND_LOST' });
    await expect(program.run(feeds)).rejects.toMatchObject({ code: 'E_BACKEND_LOST' });
    await program.dispose();
    expect((await backends.runtime(call)).report.backend).toBe('wasm');
  });

  it('lets a light runtime answer until the files of the better one have come', async () => {
    const files = gate();
    const large = fake('wasm');
    const start = large.start.bind(large);
    large.start = async (...all) => {
      await files.passed;
      return start(...all);
    };
    const light: Fake = Object.assign(fake('wasm', { id: 'tfjs-wasm' }), { light: true as const });
    const backends = new Backends([large, light]);
    let changes = 0;
    backends.onChange = () => void changes++;
    expect((await backends.runtime(call)).report.runtime).toBe('tfjs-wasm');
    files.pass();
    await vi.waitFor(() => expect(changes).toBe(2), { timeout: 60_000 });
    expect((await backends.runtime(call)).report.runtime).toBe('ort-wasm');
    expect(light.disposed).toBe(1);
  });

  it('does not start the light runtime when the better one is there at once', async () => {
    const light: Fake = Object.assign(fake('wasm', { id: 'tfjs-wasm' }), { light: true as const });
    const backends = new Backends([fake('wasm'), light]);
    expect((await backends.runtime(call)).report.runtime).toBe('ort-wasm');
    expect(light.starts).toBe(0);
  });

  it('takes a runtime by its own name', async () => {
    const backends = new Backends([fake('wasm'), fake('wasm', { id: 'tfjs-wasm' })]);
    expect((await backends.use('tfjs-wasm', call)).runtime).toBe('tfjs-wasm');
    expect((await backends.use('wasm', call)).runtime).toBe('tfjs-wasm');
    expect((await backends.use('ort-wasm', call)).runtime).toBe('ort-wasm');
  });

  it('takes the faster of two runtimes, and remembers which that was', async () => {
    const measurements = kept();
    const rivals = (): [Fake, Fake] => [
      fake('wasm', { executor: slowExecutor(80) }),
      fake('wasm', { id: 'tfjs-wasm' }),
    ];
    const first = rivals();
    expect((await new Backends(first, measurements).use('wasm', call)).runtime).toBe('tfjs-wasm');
    expect(first.map(({ starts, disposed }) => [starts, disposed])).toEqual([
      [1, 1],
      [1, 0],
    ]);
    expect(measurements.map.get('ort-wasm')).toBeGreaterThan(75);
    const second = rivals();
    expect((await new Backends(second, measurements).use('auto', call)).runtime).toBe('tfjs-wasm');
    expect(second.map(({ starts }) => starts)).toEqual([0, 1]);
  });

  it('passes over a GPU that is slower than WebAssembly, unless a person wants it', async () => {
    const gpu = fake('webgpu', { executor: slowExecutor(150) });
    const backends = new Backends([gpu, fake('wasm')], kept());
    const report = await backends.use('auto', call);
    expect(report.backend).toBe('wasm');
    expect(report.reason).toMatch(/WebGPU is not used: slower here than WebAssembly/);
    expect(gpu.disposed).toBe(1);
    expect((await backends.use('webgpu', call)).backend).toBe('webgpu');
  });

  it('goes on with another runtime when one refuses a graph, and says so', async () => {
    const refusal = new LensError('E_OP_UNSUPPORTED', 'tfjs-wasm cannot run the node "n".');
    const executor = Object.assign(createNodeExecutor(), {
      refused: (error: unknown) => error === refusal,
    });
    const tfjs = fake('wasm', { id: 'tfjs-wasm', executor });
    const backends = new Backends([fake('webgpu'), tfjs, fake('wasm')]);
    expect((await backends.use('wasm', call)).runtime).toBe('tfjs-wasm');
    expect(backends.reportRefusal(new Error('something else'))).toBe(false);
    expect(backends.reportRefusal(refusal)).toBe(true);
    const { report } = await backends.runtime(call);
    expect(report.runtime).toBe('ort-wasm');
    expect(report.reason).toMatch(/WASM is not used: tfjs-wasm cannot run the node "n"/);
    expect(report.failed).toEqual([
      { backend: 'wasm', runtime: 'tfjs-wasm', message: 'tfjs-wasm cannot run the node "n".' },
    ]);
  });
});
