import { LensError } from '@convlens/onnx';

const MIB = 2 ** 20;

/** A GPU that may be used. */
export interface FoundGpu {
  /** What people know it by. */
  readonly name: string;
  readonly info: GPUAdapterInfo;
  /** One sentence for people. */
  readonly reason: string;
  /** Opens it, with the adapter's own limits. */
  open(): Promise<GPUDevice>;
}

/**
 * Looks for a GPU.
 *
 * @param insist also take one that is emulated in software
 * @throws LensError `E_BACKEND_INIT` where there is none, before anything is fetched for it
 */
export async function findGpu(insist: boolean): Promise<FoundGpu> {
  const refuse = (why: string): LensError => new LensError('E_BACKEND_INIT', why);
  if (!('gpu' in navigator)) throw refuse('This browser has no WebGPU.');
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw refuse('The browser gives no WebGPU adapter on this device.');
  const { info, limits } = adapter;
  const name = info.description || [info.vendor, info.architecture].filter(Boolean).join(' ');
  const software = info.isFallbackAdapter || isSoftware(name);
  if (software && !insist) {
    throw refuse(`The GPU adapter (${name}) is emulated in software, slower than WebAssembly.`);
  }
  return {
    name: name || 'unnamed adapter',
    info,
    reason: software
      ? `GPU emulated in software (${name}), slower than WebAssembly.`
      : `GPU: ${name}, buffers up to ${Math.round(limits.maxStorageBufferBindingSize / MIB)} MiB.`,
    // The adapter's own limits, because fully connected layers of AlexNet and VGG pass the default 128 MiB, and because
    // the runtime joins as many tensors at once as a shader may read.
    open: () =>
      adapter.requestDevice({
        requiredFeatures: (['shader-f16', 'subgroups'] as GPUFeatureName[]).filter((feature) =>
          adapter.features.has(feature),
        ),
        requiredLimits: {
          maxBufferSize: limits.maxBufferSize,
          maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
          maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
          maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
          maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
          maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
          maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
          maxComputeWorkgroupSizeY: limits.maxComputeWorkgroupSizeY,
          maxComputeWorkgroupSizeZ: limits.maxComputeWorkgroupSizeZ,
        },
      }),
  };
}

/**
 * Whether a GPU's name is that of one that is emulated in software.
 *
 * @param name as the driver gives it
 */
export function isSoftware(name: string): boolean {
  return /swiftshader|llvmpipe|software|basic render/i.test(name);
}
