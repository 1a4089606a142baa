import type { Graph } from '@convlens/onnx';
import type { Executor } from './executor.js';
import { inMemory } from './in-memory.js';
import {
  statefulGraph,
  type StatefulGraph,
  type StatefulProgram,
  type StateOptions,
} from './state.js';

/**
 * Makes a graph ready to run again and again with values that it keeps: weights that can be replaced, and what one run
 * hands to the next. They stay where the runtime has them until they are read, or in JavaScript's memory where the runtime
 * has no place for them.
 *
 * @param executor the runtime
 * @param graph any graph
 * @param options which values it keeps
 * @throws LensError as `statefulGraph` and `Executor.prepare`
 */
export async function prepare(
  executor: Executor,
  graph: Graph,
  options: StateOptions,
): Promise<StatefulProgram> {
  return prepareStateful(executor, statefulGraph(graph, options));
}

/**
 * The same for a graph whose state is made already.
 *
 * @param executor the runtime
 * @param stateful graph and state
 * @throws LensError as `Executor.prepare`
 */
export async function prepareStateful(
  executor: Executor,
  stateful: StatefulGraph,
): Promise<StatefulProgram> {
  if (executor.prepareStateful) return executor.prepareStateful(stateful);
  return inMemory(await executor.prepare(stateful.graph), stateful);
}
