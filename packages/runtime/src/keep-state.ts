import { LensError, type TensorData } from '@convlens/onnx';
import type { Tensors } from './executor.js';
import {
  checkWritten,
  stateValue,
  type StatefulGraph,
  type StatefulProgram,
  type StateValue,
} from './state.js';

/** Values by name. */
export type Values<V> = Readonly<Record<string, V>>;

/** What a runtime does with values `V` of its own. Its calls come one at a time. */
export interface StateMemory<V> {
  /**
   * Takes a copy of a tensor.
   *
   * @param tensor it stays the caller's
   */
  put(tensor: TensorData): V | Promise<V>;
  /**
   * A copy of a value.
   *
   * @param value it stays
   * @param as its type
   */
  get(value: V, as: StateValue): Promise<TensorData>;
  /**
   * Frees a value.
   *
   * @param value nothing reads it any more
   */
  free(value: V): void;
  /**
   * Runs the graph. When it fails it holds nothing afterwards that it did not hold before.
   *
   * @param feeds what the caller feeds
   * @param state the values of the state; they stay
   * @param outputs outputs for the caller
   * @param carried outputs that become state; some of them may be among `outputs` too
   */
  run(
    feeds: Tensors,
    state: Values<V>,
    outputs: readonly string[],
    carried: readonly string[],
  ): Promise<{ readonly outputs: Record<string, TensorData>; readonly carried: Values<V> }>;
  /** Frees the program. */
  dispose(): Promise<void>;
}

/**
 * Makes a program with state out of what a runtime does with single values: it orders calls, checks them, lets the state
 * change with runs that succeed only, and frees what is replaced.
 *
 * @param stateful graph and state
 * @param memory the runtime's part
 */
export async function keepState<V>(
  { graph, state }: StatefulGraph,
  memory: StateMemory<V>,
): Promise<StatefulProgram> {
  const values = new Map<string, V>();
  const carried = [...new Set(state.flatMap(({ from }) => from ?? []))];
  const others = graph.outputs.flatMap(({ name }) => (carried.includes(name) ? [] : [name]));
  let last: Promise<unknown> = Promise.resolve();
  let live = true;
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const result = last.then(task, task);
    last = result.catch(() => undefined);
    return result;
  };
  const whileLive = <T>(task: () => Promise<T>): Promise<T> => {
    if (live) return inTurn(task);
    return Promise.reject(new LensError('E_RUN', 'The program has been disposed of.'));
  };
  /** Replaces values, and frees those that are not in use any more. */
  const replace = (next: ReadonlyMap<string, V>): void => {
    const before = new Set(values.values());
    for (const [name, value] of next) values.set(name, value);
    const after = new Set(values.values());
    for (const value of before) if (!after.has(value)) memory.free(value);
  };
  const put = async (tensors: Tensors): Promise<void> => {
    const next = new Map<string, V>();
    try {
      for (const [name, tensor] of Object.entries(tensors))
        next.set(name, await memory.put(tensor));
    } catch (error) {
      for (const value of next.values()) memory.free(value);
      throw error;
    }
    replace(next);
  };
  const valueOf = (name: string): V => {
    const value = values.get(name);
    if (value !== undefined) return value;
    throw new LensError('E_ARGUMENT', `"${name}" has no value yet. Write it before the first run.`);
  };
  const unfed = (feeds: Tensors): void => {
    const fed = state.find(({ name }) => name in feeds);
    if (!fed) return;
    throw new LensError(
      'E_ARGUMENT',
      `"${fed.name}" is kept by the program and cannot be fed. Use write.`,
    );
  };
  try {
    await put(
      Object.fromEntries(state.flatMap(({ name, initial }) => (initial ? [[name, initial]] : []))),
    );
  } catch (error) {
    await memory.dispose();
    throw error;
  }
  return {
    run: (feeds, outputs = others) =>
      whileLive(async () => {
        unfed(feeds);
        const now = Object.fromEntries(state.map(({ name }) => [name, valueOf(name)]));
        const result = await memory.run(feeds, now, outputs, carried);
        replace(
          new Map(
            state.flatMap(({ name, from }) =>
              from === undefined ? [] : [[name, result.carried[from]!]],
            ),
          ),
        );
        return result.outputs;
      }),
    read: (names) =>
      whileLive(async () => {
        const asked = names ?? state.flatMap(({ name }) => (values.has(name) ? [name] : []));
        const tensors: Record<string, TensorData> = {};
        for (const name of asked) {
          const as = stateValue(state, name);
          tensors[name] = await memory.get(valueOf(name), as);
        }
        return tensors;
      }),
    write: (tensors) =>
      whileLive(async () => {
        for (const [name, tensor] of Object.entries(tensors)) {
          checkWritten(stateValue(state, name), tensor);
        }
        await put(tensors);
      }),
    dispose: () => {
      if (!live) return last.then(() => undefined);
      live = false;
      return inTurn(async () => {
        for (const value of new Set(values.values())) memory.free(value);
        values.clear();
        await memory.dispose();
      });
    },
  };
}
