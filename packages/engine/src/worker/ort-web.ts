import { LensError } from '@convlens/onnx';
import { UNCHANGED, WASM_POLICY } from '@convlens/optimizer';
import { HALF_PRECISION } from './half-precision.js';
import { OrtExecutor } from './ort-executor.js';
import type { Call } from './calls.js';
import type { Runtime, RuntimeFactory } from './runtime.js';
import { TunedExecutor, type FormStore } from './tuned-executor.js';
import { threadsOf, wasmExecutor, wasmReason } from './wasm-executor.js';
import { fetchWasm, ORT_FILES } from './runtime-files.js';
import { findGpu } from './webgpu-device.js';
import { lowerForWebGpu } from './webgpu-lowering.js';

/** Sizes of the runtime's .wasm files, for progress (ONNX Runtime 1.30). */
const WASM_BYTES = { plain: 14_239_897, asyncify: 26_781_914 };

/** Checks the runtime's script before it is imported, for the same reason. */
async function checkScript(url: string, call: Call): Promise<void> {
  const response = await fetch(url, { method: 'HEAD', signal: call.signal }).catch(() => undefined);
  call.check();
  const type = response?.headers.get('content-type') ?? '';
  if (response?.ok && type.includes('javascript')) return;
  const got = response?.ok
    ? `a file of type ${type || 'unknown'}`
    : `the answer ${response?.status ?? 'none'}`;
  throw new LensError(
    'E_RUNTIME_FILES',
    `Expected ONNX Runtime's script at ${url}, got ${got}. Copy the runtime's .mjs and .wasm files of version 1.30.0 ` +
      'there and serve them as JavaScript and WebAssembly.',
  );
}

/**
 * The WASM backend of ONNX Runtime Web.
 *
 * @param base address of the runtime's folder
 * @param wishedThreads at most so many threads
 * @param optimize rewrite convolutions for it
 * @param kept where the fastest rewritings are kept; without it nothing is tuned
 */
export function ortWasm(
  base: string,
  wishedThreads?: number,
  optimize = true,
  kept?: FormStore,
): RuntimeFactory {
  return {
    backend: 'wasm',
    id: 'ort-wasm',
    async start(call): Promise<Runtime> {
      const script = `${base}ort-wasm-simd-threaded.mjs`;
      const [wasmBinary] = await Promise.all([
        fetchWasm(`${base}ort-wasm-simd-threaded.wasm`, WASM_BYTES.plain, call, ORT_FILES),
        checkScript(script, call),
      ]);
      call.report({ stage: 'start', what: 'the compute runtime' });
      const ort = await import('onnxruntime-web/wasm');
      const threads = threadsOf(wishedThreads);
      ort.env.wasm.numThreads = threads;
      ort.env.wasm.wasmPaths = { mjs: script };
      ort.env.wasm.wasmBinary = wasmBinary;
      const executor = kept
        ? new TunedExecutor(wasmExecutor(ort, UNCHANGED), WASM_POLICY, kept)
        : wasmExecutor(ort, optimize ? WASM_POLICY : UNCHANGED);
      return {
        backend: 'wasm',
        id: 'ort-wasm',
        threads,
        executor,
        reason: wasmReason(threads),
        dispose: () => Promise.resolve(),
      };
    },
  };
}

/**
 * The WebGPU backend of ONNX Runtime Web.
 *
 * @param base address of the runtime's folder
 * @param float16 whether feature maps may be in float16 where the GPU has it
 */
export function ortWebGpu(base: string, float16 = false): RuntimeFactory {
  return {
    backend: 'webgpu',
    id: 'ort-webgpu',
    async start(call, onLost, insist): Promise<Runtime> {
      const gpu = await findGpu(insist);
      const script = `${base}ort-wasm-simd-threaded.asyncify.mjs`;
      const [wasmBinary] = await Promise.all([
        fetchWasm(
          `${base}ort-wasm-simd-threaded.asyncify.wasm`,
          WASM_BYTES.asyncify,
          call,
          ORT_FILES,
        ),
        checkScript(script, call),
      ]);
      call.report({ stage: 'start', what: 'the GPU runtime' });
      const device = await gpu.open();
      let lost = false;
      void device.lost.then(() => {
        lost = true;
        onLost();
      });
      const ort = await import('onnxruntime-web/webgpu');
      ort.env.wasm.numThreads = 1;
      ort.env.wasm.wasmPaths = { mjs: script };
      ort.env.wasm.wasmBinary = wasmBinary;
      const inFloat16 = float16 && device.features.has('shader-f16');
      const executor = new OrtExecutor(
        ort,
        // A device in `ort.env.webgpu` is ignored since ONNX Runtime has its own kernels for WebGPU.
        { executionProviders: [{ name: 'webgpu', device }], logSeverityLevel: 3 },
        {
          isLoss: (error) => lost || /device.*(lost|destroyed)/i.test(String(error)),
          lower: lowerForWebGpu,
          ...(inFloat16 && { float16: HALF_PRECISION }),
          device,
        },
      );
      return {
        backend: 'webgpu',
        id: 'ort-webgpu',
        threads: 1,
        adapter: gpu.name,
        executor,
        reason: `${gpu.reason}${inFloat16 ? ' Feature maps in 16-bit numbers, right to about 1 %.' : ''}`,
        dispose: () => {
          device.destroy();
          return Promise.resolve();
        },
      };
    },
  };
}
