import type { TensorData } from '@convlens/onnx';
import type { Program } from './executor.js';
import { keepState } from './keep-state.js';
import type { StatefulGraph, StatefulProgram } from './state.js';

/** The same elements in memory of their own. */
const copyOf = (tensor: TensorData): TensorData => ({ ...tensor, data: tensor.data.slice() });

/**
 * Keeps the state of a program in JavaScript's memory: for runtimes that have no better place. A run costs a copy of the state
 * into the runtime and one out of it.
 *
 * @param program the graph made ready, its state fed like any other input; it belongs to the result
 * @param stateful graph and state
 */
export function inMemory(program: Program, stateful: StatefulGraph): Promise<StatefulProgram> {
  return keepState<TensorData>(stateful, {
    put: copyOf,
    get: (value) => Promise.resolve(copyOf(value)),
    free: () => undefined,
    async run(feeds, state, outputs, carried) {
      const wanted = [...new Set([...outputs, ...carried])];
      const results = await program.run({ ...feeds, ...state }, wanted);
      const both = new Set(outputs);
      return {
        outputs: Object.fromEntries(outputs.map((name) => [name, results[name]!])),
        // What the caller gets is the caller's.
        carried: Object.fromEntries(
          carried.map((name) => [name, both.has(name) ? copyOf(results[name]!) : results[name]!]),
        ),
      };
    },
    dispose: () => program.dispose(),
  });
}
