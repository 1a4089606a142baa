import { LensError } from '@convlens/onnx';
import { LeaseCache } from '../../lease-cache.js';

/** Threads of a workgroup of every kernel; all GPUs take so many. */
export const THREADS = 64;

/** A program for a GPU: WGSL with its storage buffers, in the order in which they are bound. */
export interface KernelSource {
  /** For error messages and debuggers. */
  readonly name: string;
  /** Name of each buffer, the type of its elements, and whether it is written. */
  readonly buffers: readonly (readonly [
    name: string,
    element: 'f32' | 'vec2f',
    use: 'read' | 'write',
  ])[];
  /** Functions and constants. */
  readonly before?: string;
  /**
   * The entry point's statements. They know `own`, the number of the thread in its workgroup, `group`, that of the workgroup,
   * and `at`, that of the thread along the first axis.
   */
  readonly body: string;
}

/** A kernel with its buffers. */
export interface Bound {
  /** Puts it into a pass. */
  encode(pass: GPUComputePassEncoder): void;
}

/** A kernel that is ready on a device. */
export interface Kernel {
  /**
   * Binds buffers.
   *
   * @param buffers as many as the source names
   * @param groups workgroups along x and y
   */
  bind(buffers: readonly GPUBuffer[], groups: readonly [number, number]): Bound;
}

/** Kernels cached of each device: other steps of the same size need no new ones. */
const CACHED = 64;
const compiled = new WeakMap<GPUDevice, LeaseCache<Kernel>>();

/**
 * Compiles a kernel, or takes one that was compiled before.
 *
 * @param device where it runs
 * @param source what it computes
 * @throws LensError `E_RUN` when the device refuses it
 */
export function compile(device: GPUDevice, source: KernelSource): Promise<Kernel> {
  let cache = compiled.get(device);
  if (!cache) compiled.set(device, (cache = new LeaseCache(CACHED, () => Promise.resolve())));
  // A compiled kernel holds nothing that must be given back.
  return cache.use(
    JSON.stringify(source),
    () => make(device, source),
    (kernel) => kernel,
  );
}

async function make(device: GPUDevice, source: KernelSource): Promise<Kernel> {
  const { name, buffers, before = '', body } = source;
  const layout = device.createBindGroupLayout({
    label: name,
    entries: buffers.map(([, , use], binding) => ({
      binding,
      // GPUShaderStage.COMPUTE; the constant is not there in every place that has types for it.
      visibility: 4,
      buffer: { type: use === 'read' ? 'read-only-storage' : 'storage' },
    })),
  });
  const declared = buffers.map(
    ([buffer, element, use], binding) =>
      `@group(0) @binding(${binding}) var<storage, ${use === 'read' ? 'read' : 'read_write'}> ${buffer}: array<${element}>;`,
  );
  const code = `${declared.join('\n')}
${before}
@compute @workgroup_size(${THREADS})
fn main(
  @builtin(local_invocation_index) own: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(global_invocation_id) id: vec3u,
) {
  let at = id.x;
${body}
}`;
  const pipeline = await device
    .createComputePipelineAsync({
      label: name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: device.createShaderModule({ label: name, code }), entryPoint: 'main' },
    })
    .catch((cause: unknown) => {
      throw new LensError('E_RUN', `The GPU refused the kernel "${name}": ${String(cause)}`, {
        cause,
      });
    });
  return {
    bind(bound, [x, y]) {
      const entries = bound.map((buffer, binding) => ({ binding, resource: { buffer } }));
      const bindings = device.createBindGroup({ label: name, layout, entries });
      return {
        encode(pass) {
          pass.setPipeline(pipeline);
          pass.setBindGroup(0, bindings);
          pass.dispatchWorkgroups(x, y);
        },
      };
    },
  };
}

/** Workgroups for so many threads. */
export const groupsFor = (threads: number): number => Math.ceil(threads / THREADS);

/** A number as WGSL writes it. */
export const float = (value: number): string => `f32(${value})`;

/**
 * Compiles kernels side by side.
 *
 * @param device where they run
 * @param sources by name
 * @throws LensError `E_RUN` when the device refuses one
 */
export async function compileAll<Name extends string>(
  device: GPUDevice,
  sources: Readonly<Record<Name, KernelSource>>,
): Promise<Record<Name, Kernel>> {
  const entries = await Promise.all(
    Object.entries<KernelSource>(sources).map(
      async ([name, source]) => [name, await compile(device, source)] as const,
    ),
  );
  return Object.fromEntries(entries) as Record<Name, Kernel>;
}

/**
 * Submits kernels, one after the other.
 *
 * @param device where they run
 * @param kernels with their buffers
 */
export function submit(device: GPUDevice, kernels: readonly Bound[]): void {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (const kernel of kernels) kernel.encode(pass);
  pass.end();
  device.queue.submit([encoder.finish()]);
}
