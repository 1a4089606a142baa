import {
  engine,
  env,
  findBackendFactory,
  getBackend,
  getKernel,
  memory,
  registerBackend,
  registerKernel,
  removeBackend,
  setBackend,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { LensError } from '@convlens/onnx';
import { GPU_TRAITS, OWN_WASM_TRAITS, registerOwnKernels, TfjsExecutor } from '@convlens/tfjs';
import type { Call } from './calls.js';
import type { Runtime } from './runtime.js';
import { fetchWasm, TFJS_FILES } from './runtime-files.js';
import { wasmReason } from './wasm-executor.js';
import { watchMemory } from './wasm-memory.js';
import { findGpu, isSoftware } from './webgpu-device.js';

/** Named one by one, so that the rest of the library is left out. */
const tf = { engine, getBackend, memory, setBackend };

const refuse = (why: string): LensError => new LensError('E_BACKEND_INIT', why);

/** Size of the .wasm files of TensorFlow.js 4.22, for progress. */
const WASM_BYTES = 410_000;

/** Makes a registered backend the active one, and says why it does not start. */
async function activate(backend: string): Promise<void> {
  if (await setBackend(backend)) return;
  throw refuse(`TensorFlow.js could not start its ${backend} backend.`);
}

function remove(backend: string): Promise<void> {
  if (findBackendFactory(backend)) removeBackend(backend);
  return Promise.resolve();
}

/** Answers the library's request for a file that is there already, so that it is not fetched a second time. */
async function handOver(
  url: string,
  binary: ArrayBuffer,
  start: () => Promise<void>,
): Promise<void> {
  const { platform } = env();
  const fetch: typeof platform.fetch = (path, init) =>
    path === url
      ? Promise.resolve(new Response(binary, { headers: { 'content-type': 'application/wasm' } }))
      : platform.fetch(path, init);
  env().platform = Object.assign(Object.create(platform) as typeof platform, { fetch });
  try {
    await start();
  } finally {
    env().platform = platform;
  }
}

/**
 * Starts the WASM backend, on one thread: the script that starts its others does not survive bundling.
 *
 * @param base address of the runtime folder
 * @param call for progress
 * @throws LensError `E_BACKEND_INIT`, `E_RUNTIME_FILES`
 */
export async function startWasm(base: string, call: Call): Promise<Runtime> {
  const file = 'tfjs-backend-wasm-simd.wasm';
  // Fetched here and handed over: the library's own error for a missing file tells nobody what to do.
  const binary = await fetchWasm(base + file, WASM_BYTES, call, TFJS_FILES);
  call.report({ stage: 'start', what: 'the compute runtime' });
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  env().set('WASM_HAS_SIMD_SUPPORT', true);
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  wasm.setWasmPaths(base, true);
  wasm.setThreadsCount(1);
  await handOver(base + file, binary, () => activate('wasm'));
  const registry = { engine, getKernel, registerKernel, unregisterKernel };
  const { memory: own, fused } = await registerOwnKernels(registry);
  watchMemory(own);
  return {
    backend: 'wasm',
    id: 'tfjs-wasm',
    threads: 1,
    executor: new TfjsExecutor(tf, {
      ...{ runtime: 'tfjs-wasm', backend: 'wasm', traits: OWN_WASM_TRAITS },
    }),
    reason: `${wasmReason(1)}${fused ? '' : ' Browsers with fused arithmetic are faster.'}`,
    // Its memory never shrinks and its module starts only once: it stays for the next time.
    dispose: () => Promise.resolve(),
  };
}

/**
 * Starts the WebGL backend.
 *
 * @param onLost called when the context goes away
 * @param insist also where the GPU is emulated in software
 * @throws LensError `E_BACKEND_INIT`
 */
export async function startWebGl(onLost: () => void, insist: boolean): Promise<Runtime> {
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext('webgl2', {
    alpha: false,
    antialias: false,
    premultipliedAlpha: false,
    preserveDrawingBuffer: false,
    depth: false,
    stencil: false,
    failIfMajorPerformanceCaveat: false,
  });
  if (!context) throw refuse('This browser has no WebGL 2.');
  const details = context.getExtension('WEBGL_debug_renderer_info');
  const name = String(context.getParameter(details?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER));
  const software = isSoftware(name);
  if (software && !insist) {
    throw refuse(`WebGL (${name}) is emulated in software, slower than WebAssembly.`);
  }
  if (!context.getExtension('EXT_color_buffer_float')) {
    throw refuse(`WebGL (${name}) has no textures of 32-bit numbers.`);
  }
  const webgl = await import('@tensorflow/tfjs-backend-webgl');
  webgl.setWebGLContext(2, context);
  await remove('webgl');
  registerBackend('webgl', () => new webgl.MathBackendWebGL(new webgl.GPGPUContext(context)), 2);
  await activate('webgl');
  const isLost = (): boolean => context.isContextLost();
  // The library asks for the fence of a lost context for ever.
  const wait = context.clientWaitSync.bind(context);
  context.clientWaitSync = (...fence) => (isLost() ? context.ALREADY_SIGNALED : wait(...fence));
  canvas.addEventListener('webglcontextlost', onLost);
  return {
    backend: 'webgl',
    id: 'tfjs-webgl',
    threads: 1,
    adapter: name,
    executor: new TfjsExecutor(tf, {
      ...{ runtime: 'tfjs-webgl', backend: 'webgl', traits: GPU_TRAITS },
      isLost,
    }),
    reason: software
      ? `GPU emulated in software (${name}), slower than WebAssembly.`
      : `GPU by WebGL: ${name}.`,
    dispose: () => remove('webgl'),
  };
}

/**
 * Starts the WebGPU backend.
 *
 * @param onLost called when the device goes away
 * @param insist also where the GPU is emulated in software
 * @throws LensError `E_BACKEND_INIT`
 */
export async function startWebGpu(onLost: () => void, insist: boolean): Promise<Runtime> {
  const gpu = await findGpu(insist);
  const device = await gpu.open();
  let lost = false;
  void device.lost.then(() => {
    lost = true;
    onLost();
  });
  const webgpu = await import('@tensorflow/tfjs-backend-webgpu');
  await remove('webgpu');
  registerBackend('webgpu', () => new webgpu.WebGPUBackend(device, gpu.info), 3);
  await activate('webgpu');
  return {
    backend: 'webgpu',
    id: 'tfjs-webgpu',
    threads: 1,
    adapter: gpu.name,
    executor: new TfjsExecutor(tf, {
      ...{ runtime: 'tfjs-webgpu', backend: 'webgpu', traits: GPU_TRAITS },
      isLost: () => lost,
    }),
    reason: gpu.reason,
    dispose: async () => {
      await remove('webgpu');
      device.destroy();
    },
  };
}
