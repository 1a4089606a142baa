import type { PoolLowering } from '@convlens/autodiff';
import type { Executor } from '@convlens/runtime';
import type { Backend, RuntimeId } from '../shared/api.js';
import type { Call } from './calls.js';

/** Prepares graphs, and counts what it holds. */
export interface CountingExecutor extends Executor {
  /** Programs that are alive. */
  readonly sessions: number;
  /** Tensors that are alive, where the library tells. */
  readonly tensors?: number;
  /** Whether an error says that this runtime, and not the graph, is why a graph cannot run. */
  readonly refused?: (error: unknown) => boolean;
}

/** A runtime that has started. */
export interface Runtime {
  readonly backend: Backend;
  readonly id: RuntimeId;
  readonly threads: number;
  readonly adapter?: string;
  readonly executor: CountingExecutor;
  /** One sentence for people: what it is and why it is a good choice here. */
  readonly reason: string;
  /** Gives back what can be given back. */
  dispose(): Promise<void>;
}

/** Starts a runtime, or says why it cannot. */
export interface RuntimeFactory {
  readonly backend: Backend;
  readonly id: RuntimeId;
  /** Whether its files are so small that it can answer while another one's are on their way. */
  readonly light?: true;
  /**
   * @param call for progress
   * @param onLost called when the device goes away later
   * @param insist also start where something else is known to be better (a GPU emulated in software)
   * @throws LensError `E_BACKEND_INIT`, `E_RUNTIME_FILES`
   */
  start(call: Call, onLost: () => void, insist: boolean): Promise<Runtime>;
}

/**
 * How max-pooling is differentiated on a backend. GPUs give no indices of maxima, and on WASM the form without them is faster
 * (AlexNet at 224: 2.13 forward passes instead of 2.39).
 *
 * @param runtime what runs the graphs
 */
export function poolOf({ backend }: Pick<Runtime, 'backend'>): PoolLowering {
  return backend === 'cpu' ? 'indices' : 'portable';
}
