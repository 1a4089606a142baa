import type { Network } from '@convlens/adapters';
import { LensError, type TensorData } from '@convlens/onnx';
import { batchOf, imagesOf } from '../batch.js';
import { findLayer } from '../feature-maps/feature-maps.js';
import { gradientProblem, seedOf, type Gradients, type UnitTerm } from '../gradients/gradients.js';
import type { ProjectionRule } from './rules.js';

/** A unit's value carried back to the pixels. */
export interface Projection {
  /** float32 `[C, H, W]` of the network's input, in preprocessed units; both signs. */
  readonly projection: TensorData<'float32'>;
  readonly rule: ProjectionRule;
  /** The unit that was projected, and its value. */
  readonly channel: number;
  readonly row: number;
  readonly column: number;
  readonly value: number;
  /** What is wrong with it, in words. */
  readonly problem?: string;
}

/**
 * Carries the value of a unit back to pixel space (Zeiler and Fergus 2014, section 2.1): everything else in the
 * layer is set to zero, then the network is run backwards with the pooling switches of the forward pass and one of
 * three rules at every ReLU with input v and signal R: `backprop` R [v > 0], `deconvnet` max(R, 0), `guided`
 * max(R, 0) [v > 0] (Springenberg et al. 2015). There is no ReLU behind the first convolution, so projections have
 * both signs.
 *
 * @param network the network
 * @param gradients its backward passes
 * @param input float32 `[1, C, H, W]`, preprocessed
 * @param activation of the unit's layer for that input, float32 `[C, H, W]` or `[N]`
 * @param target a channel, whose strongest place is taken, or one at a place
 * @param rule at every ReLU
 * @throws LensError `E_ARGUMENT`, `E_LAYER_UNKNOWN`, `E_OP_UNSUPPORTED`, `E_RUN`
 */
export async function project(
  network: Network,
  gradients: Gradients,
  input: TensorData<'float32'>,
  activation: TensorData<'float32'>,
  target: UnitTerm,
  rule: ProjectionRule,
): Promise<Projection> {
  const one = { ...activation, shape: [1, ...activation.shape] };
  const [projection] = await projectAll(network, gradients, input, one, target, rule);
  return projection!;
}

/**
 * The same for the images of a batch, in one backward pass where the network takes batches.
 *
 * @param network the network
 * @param gradients its backward passes
 * @param input float32 `[N, C, H, W]`, preprocessed
 * @param activations of the unit's layer for that input, float32 `[N, C, H, W]` or `[N, C]`
 * @param target a channel, whose strongest place in each image is taken, or one at a place
 * @param rule at every ReLU
 * @returns one projection an image, each as `project` makes it but for rounding
 * @throws LensError as `project`
 */
export async function projectAll(
  network: Network,
  gradients: Gradients,
  input: TensorData<'float32'>,
  activations: TensorData<'float32'>,
  target: UnitTerm,
  rule: ProjectionRule,
): Promise<Projection[]> {
  const layer = findLayer(network, target.layer);
  const [channels = 1, height = 1, width = 1] = layer.shape;
  const { channel } = target;
  if (channel < 0 || channel >= channels) {
    throw new LensError(
      'E_ARGUMENT',
      `Layer "${layer.id}" has channels 0 to ${channels - 1}; there is no channel ${channel}.`,
    );
  }
  const plane = height * width;
  const places = imagesOf(activations).map(({ data }) => {
    const map = data.subarray(channel * plane, (channel + 1) * plane);
    const peak = map.reduce((best, value, at) => (value > map[best]! ? at : best), 0);
    const place = [Math.floor(peak / width), peak % width] as const;
    const centre = [Math.floor(height / 2), Math.floor(width / 2)] as const;
    const { row = centre[0], column = centre[1] } =
      target.kind === 'neuron' ? target : { row: place[0], column: place[1] };
    return { row, column, value: map[row * width + column]! };
  });
  const seeds = places.map(({ row, column, value }) =>
    seedOf(network, { kind: 'neuron', layer: layer.id, channel, row, column }, value),
  );
  const cotangent = batchOf(seeds.map((seed) => seed.cotangent));
  const { gradients: found } = await gradients.backward(
    input,
    { value: layer.value, cotangent },
    { rule },
  );
  return imagesOf(found.get(network.input.name)!).map((gradient, i): Projection => {
    const problem = gradientProblem(gradient);
    return {
      projection: { ...gradient, shape: gradient.shape.slice(1), data: gradient.data.slice() },
      rule,
      channel,
      ...places[i]!,
      ...(problem === undefined ? {} : { problem }),
    };
  });
}
