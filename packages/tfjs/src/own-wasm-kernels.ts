import { Kernels, type Owner } from '@convlens/kernels';
import { elementCount } from '@convlens/onnx';
import type * as Core from '@tensorflow/tfjs-core';
import type { DataId, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { OWN, type OwnPool, type OwnWindow } from './lower/own-kernels.js';

/** What is used of the WASM backend of TensorFlow.js. */
interface WasmBackend {
  readonly wasm: {
    /** What its module exports. */
    readonly asm: Pick<Owner, 'memory'>;
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  getMemoryOffset(id: DataId): number;
  makeOutput(shape: readonly number[], dtype: 'float32'): TensorInfo;
  disposeData(id: DataId): boolean;
}

type Extents = [number, number, number, number];

type Inputs = Readonly<Record<string, TensorInfo>>;

/** What the kernels work on, and how. */
export interface OwnKernels {
  readonly memory: Owner['memory'];
  /** Whether multiplications and additions are fused. */
  readonly fused: boolean;
}

/**
 * Registers Convlens's own kernels with the WASM backend of TensorFlow.js. They work on its memory.
 *
 * @param tf the core, with the backend active
 * @param fused whether multiplications and additions may be fused, where they can be
 */
export async function registerOwnKernels(
  tf: Pick<typeof Core, 'engine' | 'getKernel' | 'registerKernel' | 'unregisterKernel'>,
  fused = true,
): Promise<OwnKernels> {
  const backend = tf.engine().backend as unknown as WasmBackend;
  const { wasm } = backend;
  const kernels = await Kernels.load(
    {
      memory: wasm.asm.memory,
      allocate: (bytes) => {
        // Addresses beyond 2 GB come as negative numbers, and 0 where there is nothing left.
        const address = wasm._malloc(bytes) >>> 0;
        if (address === 0) throw new Error(`there is no memory left for ${bytes} bytes.`);
        return address;
      },
      free: (address) => wasm._free(address),
    },
    fused,
  );
  const at = (tensor: TensorInfo | undefined): number =>
    tensor ? backend.getMemoryOffset(tensor.dataId) : 0;
  /** A new tensor; given back where it cannot be filled. */
  const filled = (shape: readonly number[], fill: (address: number) => void): TensorInfo => {
    const y = backend.makeOutput(shape, 'float32');
    try {
      fill(at(y));
    } catch (error) {
      backend.disposeData(y.dataId);
      throw error;
    }
    return y;
  };
  const register = (
    kernelName: string,
    run: (inputs: Inputs, attributes: unknown) => TensorInfo,
  ): void => {
    if (tf.getKernel(kernelName, 'wasm')) tf.unregisterKernel(kernelName, 'wasm');
    const config = {
      kernelName,
      backendName: 'wasm',
      kernelFunc: ({ inputs, attrs }: { inputs: Inputs; attrs: unknown }) => run(inputs, attrs),
    };
    tf.registerKernel(config as unknown as KernelConfig);
  };
  register(OWN.gate, ({ x, g }) =>
    filled(g!.shape, (y) => {
      kernels.gate(at(x), at(g), y, elementCount(g!.shape));
    }),
  );
  register(OWN.sumRows, ({ x }) => {
    const [rows, columns] = x!.shape as [number, number];
    return filled([columns], (sums) => {
      kernels.sumRows(at(x), rows, columns, sums);
    });
  });
  register(OWN.poolGradient, ({ x, y, dy }, attributes) => {
    const [from, to] = [x!.shape, y!.shape] as [Extents, Extents];
    return filled(from, (dx) => {
      const places = { x: at(x), y: at(y), dy: at(dy), dx };
      kernels.poolGradient({ ...(attributes as OwnPool), ...places, from, to });
    });
  });
  register(OWN.pack, ({ filters }, attributes) => {
    const { shape } = attributes as { readonly shape: readonly number[] };
    const [height, width, inputs, outputs] = filters!.shape as [number, number, number, number];
    return filled(shape, (to) => {
      kernels.pack(at(filters), height * width * inputs, outputs, to);
    });
  });
  register(OWN.transformFilters, ({ filters }, attributes) => {
    const { shape } = attributes as { readonly shape: readonly number[] };
    const [, , inputs, outputs] = filters!.shape as [number, number, number, number];
    return filled(shape, (to) => {
      kernels.transformFilters(at(filters), inputs, outputs, to);
    });
  });
  register(OWN.filterGradient, ({ x, dy }, attributes) => {
    const window = attributes as OwnWindow;
    const from = x!.shape as [number, number, number, number];
    const shape = [...window.kernel, from[3], window.to[3]];
    return filled(shape, (dw) => {
      kernels.filterGradient({ ...window, x: at(x), dy: at(dy), dw, from });
    });
  });
  for (const form of ['convolution', 'winograd'] as const) {
    register(OWN[form], ({ x, filters, bias }, attributes) => {
      const window = attributes as OwnWindow;
      const from = x!.shape as [number, number, number, number];
      return filled(window.to, (y) => {
        const places = { x: at(x), filters: at(filters), bias: at(bias), y };
        kernels[form]({ ...window, ...places, from });
      });
    });
  }
  return { memory: wasm.asm.memory, fused: kernels.fused };
}
