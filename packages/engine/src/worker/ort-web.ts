import { LensError } from '@convlens/onnx';
import { UNCHANGED, WASM_POLICY } from '@convlens/optimizer';
import { OrtExecutor } from './ort-executor.js';
import type { Job } from './jobs.js';
import type { Runtime, RuntimeFactory } from './runtime.js';
import { wasmExecutor } from './wasm-executor.js';
import { lowerForWebGpu } from './webgpu-lowering.js';

const MIB = 2 ** 20;
/** Sizes of the runtime's .wasm files, for progress (ONNX Runtime 1.30). */
const WASM_BYTES = { plain: 14_239_897, asyncify: 26_781_914 };

/**
 * Fetches one of the runtime's .wasm files itself: for progress, and because the runtime's own error for a missing
 * file or an HTML page in its place ("no available backend found") tells nobody what to do.
 */
async function fetchWasm(url: string, bytes: number, job: Job): Promise<ArrayBuffer> {
  const what = 'the compute runtime';
  const wrong = (got: string): LensError =>
    new LensError(
      'E_RUNTIME_FILES',
      `Expected ONNX Runtime's file at ${url}, got ${got}. Copy the runtime's .mjs and .wasm files of version 1.30.0 ` +
        'there, or set the runtime folder.',
    );
  let response: Response;
  try {
    response = await fetch(url, { signal: job.signal });
  } catch (cause) {
    job.check();
    throw new LensError('E_RUNTIME_FILES', `${wrong('no answer').message}`, { cause });
  }
  if (!response.ok) throw wrong(`the answer ${response.status}`);
  let loaded = 0;
  const counted = response.body!.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        loaded += chunk.length;
        job.report({ stage: 'download', what, loaded, total: Math.max(bytes, loaded) });
        controller.enqueue(chunk);
      },
    }),
  );
  const buffer = await new Response(counted).arrayBuffer();
  const head = new Uint8Array(buffer, 0, Math.min(4, buffer.byteLength));
  if (head.join() !== '0,97,115,109') {
    throw wrong(head[0] === 60 ? 'an HTML page (a 404 page of the server?)' : 'some other file');
  }
  return buffer;
}

/** Checks the runtime's script before it is imported, for the same reason. */
async function checkScript(url: string, job: Job): Promise<void> {
  const response = await fetch(url, { method: 'HEAD', signal: job.signal }).catch(() => undefined);
  job.check();
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
 */
export function ortWasm(base: string, wishedThreads?: number, optimize = true): RuntimeFactory {
  return {
    backend: 'wasm',
    async start(job): Promise<Runtime> {
      const script = `${base}ort-wasm-simd-threaded.mjs`;
      const [wasmBinary] = await Promise.all([
        fetchWasm(`${base}ort-wasm-simd-threaded.wasm`, WASM_BYTES.plain, job),
        checkScript(script, job),
      ]);
      job.report({ stage: 'start', what: 'the compute runtime' });
      const ort = await import('onnxruntime-web/wasm');
      // Setting more than one thread without isolation only makes the runtime warn.
      const threads = crossOriginIsolated
        ? Math.max(1, wishedThreads ?? Math.min(4, navigator.hardwareConcurrency))
        : 1;
      ort.env.wasm.numThreads = threads;
      ort.env.wasm.wasmPaths = { mjs: script };
      ort.env.wasm.wasmBinary = wasmBinary;
      const executor = wasmExecutor(ort, optimize ? WASM_POLICY : UNCHANGED);
      return {
        backend: 'wasm',
        id: 'ort-wasm',
        threads,
        executor,
        reason:
          threads > 1
            ? `WebAssembly with ${threads} threads.`
            : crossOriginIsolated
              ? 'WebAssembly with one thread.'
              : 'WebAssembly with one thread (the page is not cross-origin isolated).',
        dispose: () => Promise.resolve(),
      };
    },
  };
}

/** The WebGPU backend of ONNX Runtime Web. */
export function ortWebGpu(base: string): RuntimeFactory {
  return {
    backend: 'webgpu',
    async start(job, onLost, insist): Promise<Runtime> {
      const refuse = (why: string): LensError => new LensError('E_BACKEND_INIT', why);
      if (!('gpu' in navigator)) throw refuse('This browser has no WebGPU.');
      const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
      if (!adapter) throw refuse('The browser gives no WebGPU adapter on this device.');
      const { info, limits } = adapter;
      const name = info.description || [info.vendor, info.architecture].filter(Boolean).join(' ');
      const software = info.isFallbackAdapter || /swiftshader|llvmpipe|software/i.test(name);
      // Said before 27 MB are fetched for it.
      if (software && !insist) {
        throw refuse(`The GPU adapter (${name}) is emulated in software, slower than WebAssembly.`);
      }
      const script = `${base}ort-wasm-simd-threaded.asyncify.mjs`;
      const [wasmBinary] = await Promise.all([
        fetchWasm(`${base}ort-wasm-simd-threaded.asyncify.wasm`, WASM_BYTES.asyncify, job),
        checkScript(script, job),
      ]);
      job.report({ stage: 'start', what: 'the GPU runtime' });
      // The adapter's own limits, because fully connected layers of AlexNet and VGG pass the default 128 MiB.
      const device = await adapter.requestDevice({
        requiredFeatures: (['shader-f16', 'subgroups'] as GPUFeatureName[]).filter((feature) =>
          adapter.features.has(feature),
        ),
        requiredLimits: {
          maxBufferSize: limits.maxBufferSize,
          maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
          maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
          maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
          maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
          maxComputeWorkgroupSizeY: limits.maxComputeWorkgroupSizeY,
          maxComputeWorkgroupSizeZ: limits.maxComputeWorkgroupSizeZ,
        },
      });
      let lost = false;
      void device.lost.then(() => {
        lost = true;
        onLost();
      });
      const ort = await import('onnxruntime-web/webgpu');
      ort.env.wasm.numThreads = 1;
      ort.env.wasm.wasmPaths = { mjs: script };
      ort.env.wasm.wasmBinary = wasmBinary;
      // Typed as what reading it gives (a promise); a device may be set before the first session.
      const webgpu = ort.env.webgpu as unknown as { device: GPUDevice };
      webgpu.device = device;
      const executor = new OrtExecutor(
        ort,
        { executionProviders: ['webgpu'], logSeverityLevel: 3 },
        (error) => lost || /device.*(lost|destroyed)/i.test(String(error)),
        lowerForWebGpu,
      );
      return {
        backend: 'webgpu',
        id: 'ort-webgpu',
        threads: 1,
        adapter: name || 'unnamed adapter',
        executor,
        reason: software
          ? `GPU emulated in software (${name}), slower than WebAssembly.`
          : `GPU: ${name}, buffers up to ${Math.round(limits.maxStorageBufferBindingSize / MIB)} MiB.`,
        dispose: () => {
          device.destroy();
          return Promise.resolve();
        },
      };
    },
  };
}
