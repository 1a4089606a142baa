import { describe, expect, it } from 'vitest';
import { float32, LensError, type Graph } from '@convlens/onnx';
import { createNodeExecutor } from '../src/node/index.js';
import { Backends } from '../src/worker/backends.js';
import type { Job } from '../src/worker/jobs.js';
import type { OrtExecutor } from '../src/worker/ort-executor.js';
import type { Runtime, RuntimeFactory } from '../src/worker/runtime.js';

const job: Job = {
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
        run: async (feeds: Parameters<typeof program.run>[0]) => {
          const { y } = await program.run(feeds);
          return {
            y: float32(
              (y!.data as Float32Array).map((value) => value + 1),
              y!.shape,
            ),
          };
        },
        dispose: () => program.dispose(),
      };
    },
  } as unknown as OrtExecutor;
}

interface Fake extends RuntimeFactory {
  starts: number;
  disposed: number;
  lose: () => void;
}

function fake(
  backend: 'webgpu' | 'wasm',
  options: { executor?: OrtExecutor; refuse?: string; shy?: boolean } = {},
): Fake {
  const self: Fake = {
    backend,
    starts: 0,
    disposed: 0,
    lose: () => undefined,
    start(_job, onLost, insist): Promise<Runtime> {
      self.starts++;
      self.lose = onLost;
      const refuse = options.refuse ?? (options.shy && !insist ? 'emulated' : undefined);
      if (refuse !== undefined) return Promise.reject(new LensError('E_BACKEND_INIT', refuse));
      return Promise.resolve({
        backend,
        id: backend === 'wasm' ? 'ort-wasm' : 'ort-webgpu',
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
    const report = await backends.use('auto', job);
    expect([report.backend, report.reason]).toEqual(['webgpu', 'webgpu works.']);
  });

  it('passes over one that computes wrong numbers', async () => {
    const gpu = fake('webgpu', { executor: wrongExecutor() });
    const report = await new Backends([gpu, fake('wasm')]).use('auto', job);
    expect(report.backend).toBe('wasm');
    expect(report.reason).toMatch(/WebGPU is not used:.*wrong numbers.*off by 1/);
    expect(gpu.disposed).toBe(1);
  });

  it('takes an emulated GPU only when told to', async () => {
    const backends = new Backends([fake('webgpu', { shy: true }), fake('wasm')]);
    expect((await backends.use('auto', job)).backend).toBe('wasm');
    expect((await backends.use('webgpu', job)).backend).toBe('webgpu');
  });

  it('falls back when the chosen one does not work, and keeps the person informed', async () => {
    const backends = new Backends([fake('webgpu', { refuse: 'no adapter.' }), fake('wasm')]);
    const report = await backends.use('webgpu', job);
    expect(report.backend).toBe('wasm');
    expect(report.failed).toEqual([{ backend: 'webgpu', message: 'no adapter.' }]);
  });

  it('names every reason when none works, and tries them again next time', async () => {
    const gpu = fake('webgpu', { refuse: 'no adapter.' });
    const wasm = fake('wasm', { refuse: 'file missing.' });
    const backends = new Backends([gpu, wasm]);
    await expect(backends.use('auto', job)).rejects.toThrow(
      /WebGPU: no adapter\. WASM: file missing\./,
    );
    await expect(backends.use('auto', job)).rejects.toThrow(/No compute backend/);
    expect([gpu.starts, wasm.starts]).toEqual([2, 2]);
  });

  it('goes on with the next after a loss and does not return to the lost one by itself', async () => {
    const gpu = fake('webgpu');
    const wasm = fake('wasm');
    const backends = new Backends([gpu, wasm]);
    let changes = 0;
    backends.onChange = () => changes++;
    await backends.runtime(job);
    gpu.lose();
    expect((await backends.runtime(job)).report.backend).toBe('wasm');
    expect((await backends.use('auto', job)).backend).toBe('wasm');
    expect([gpu.starts, wasm.starts, changes]).toEqual([1, 1, 2]);
    expect((await backends.use('webgpu', job)).backend).toBe('webgpu');
    expect(wasm.disposed).toBe(1);
  });
});
