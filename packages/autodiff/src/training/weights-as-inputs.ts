import { LensError, type Graph, type TensorData, type ValueInfo } from '@convlens/onnx';

/** A graph some of whose weights are inputs. */
export interface OpenGraph {
  /** The weights are the last of its inputs, in the order in which they were named. */
  readonly graph: Graph;
  /** What they were, by name. */
  readonly weights: ReadonlyMap<string, TensorData>;
}

/**
 * Makes inputs of weights, so that nothing that is made of the graph depends on what they are.
 *
 * @param graph any graph
 * @param names names of initialisers
 * @throws LensError `E_VALUE_UNKNOWN`
 */
export function weightsAsInputs(graph: Graph, names: readonly string[]): OpenGraph {
  const initializers = new Map(graph.initializers);
  const weights = new Map<string, TensorData>();
  const inputs: ValueInfo[] = [];
  for (const name of new Set(names)) {
    const tensor = initializers.get(name);
    if (!tensor) throw new LensError('E_VALUE_UNKNOWN', `The graph has no weight "${name}".`);
    initializers.delete(name);
    weights.set(name, tensor);
    inputs.push({ name, dtype: tensor.dtype, shape: tensor.shape });
  }
  return { graph: { ...graph, initializers, inputs: [...graph.inputs, ...inputs] }, weights };
}
