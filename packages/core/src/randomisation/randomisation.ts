import { fillNormal } from '@convlens/adapters/builders';
import type { Network } from '@convlens/adapters';
import { float32, type TensorData } from '@convlens/onnx';

/**
 * The layers with weights, from the classifier down: the order in which the sanity check destroys them.
 *
 * @param network the network
 */
export function weightedLayers(network: Network): string[] {
  return network.layers
    .filter(({ weight }) => weight !== undefined)
    .map(({ id }) => id)
    .reverse();
}

/**
 * The network with the weights of its top layers replaced by seeded noise of the same mean and deviation (cascading
 * randomisation: Adebayo et al. 2018). A map that does not change does not explain what the network learnt.
 *
 * @param network the network
 * @param count how many layers, from the classifier down
 * @param seed any integer
 */
export function randomiseWeights(network: Network, count: number, seed: number): Network {
  const initializers = new Map(network.graph.initializers);
  for (const id of weightedLayers(network).slice(0, count)) {
    const { weight } = network.layers.find((layer) => layer.id === id)!;
    const tensor = initializers.get(weight!) as TensorData<'float32'> | undefined;
    if (tensor?.dtype !== 'float32') continue;
    const { length } = tensor.data;
    const mean = tensor.data.reduce((sum, value) => sum + value, 0) / length;
    const squares = tensor.data.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const data = new Float32Array(length);
    fillNormal(data, seed, weight!, mean, Math.sqrt(squares / length));
    initializers.set(weight!, float32(data, tensor.shape));
  }
  return { ...network, graph: { ...network.graph, initializers } };
}
