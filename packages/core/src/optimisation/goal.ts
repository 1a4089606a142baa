import type { Layer, Network } from '@convlens/adapters';
import { LensError } from '@convlens/onnx';
import { findLayer } from '../feature-maps/feature-maps.js';

/**
 * One part of what a picture is optimised for. `weight` is 1 by default; a negative one asks for the opposite.
 * Without softmax, except in `probability`.
 */
export type Term = { readonly weight?: number } & (
  | { readonly kind: 'class'; readonly index: number }
  /** The mean of a channel over its positions. */
  | { readonly kind: 'channel'; readonly layer: string; readonly channel: number }
  /** A channel at one position; at the centre, floor(size / 2), when none is given. */
  | {
      readonly kind: 'neuron';
      readonly layer: string;
      readonly channel: number;
      readonly row?: number;
      readonly column?: number;
    }
  /** Half the mean square of a layer: DeepDream's. */
  | { readonly kind: 'layer'; readonly layer: string }
  /**
   * The dot product of the channels with a vector, mean over positions; with `cosine` times max(cosine, 0.1)^cosine
   * (Lucid's `cossim_pow`).
   */
  | {
      readonly kind: 'direction';
      readonly layer: string;
      readonly direction: readonly number[];
      readonly cosine?: number;
    }
  /** Minus the relative squared distance |a - a0|^2 / |a0|^2 to an image's activation (Mahendran and Vedaldi 2015). */
  | { readonly kind: 'match'; readonly layer: string }
  /** Mean over positions of the largest dot product with any position of a guide image's activation. */
  | { readonly kind: 'guide'; readonly layer: string }
  /** The logarithm of a class's probability: through the softmax. */
  | { readonly kind: 'probability'; readonly index: number }
  /**
   * Minus the mean cosine between the Gram matrices of the images of a batch, so that they differ (Olah et al. 2017).
   */
  | { readonly kind: 'diversity'; readonly layer: string }
);

/** What a picture is optimised for: the weighted sum of its terms. */
export type Goal = readonly Term[];

/** A layer as an objective sees it: `[channels, positions...]`. */
export interface Place {
  readonly value: string;
  /** Without the batch. */
  readonly shape: readonly number[];
  /** For messages. */
  readonly name: string;
}

/**
 * Where a term looks.
 *
 * @param network the network
 * @param term one part of a goal
 * @throws LensError `E_LAYER_UNKNOWN`; `E_ARGUMENT` for a class or unit that does not exist, or a direction of
 * another length
 */
export function placeOf(network: Network, term: Term): Place {
  if (term.kind === 'class' || term.kind === 'probability') {
    const { logits } = network;
    if (!logits) {
      throw new LensError(
        'E_ARGUMENT',
        `${network.title} has no class scores. Choose a unit of a layer instead of a class.`,
      );
    }
    inside(term.index, logits.classes, 'class', network.title);
    const known = network.graph.values.get(logits.value)?.shape?.slice(1) ?? [];
    const shape = known.every((extent) => typeof extent === 'number') ? known : [];
    // Some networks leave their scores as a map of one pixel.
    return {
      value: logits.value,
      shape: shape.length > 0 ? shape : [logits.classes],
      name: 'the class scores',
    };
  }
  const layer = findLayer(network, term.layer);
  const place = { value: layer.value, shape: layer.shape, name: `layer "${layer.id}"` };
  checkUnit(layer, term);
  return place;
}

function checkUnit(layer: Layer, term: Term): void {
  const [channels = 1, height = 1, width = 1] = layer.shape;
  const name = `layer "${layer.id}" (${layer.shape.join(' x ')})`;
  if (term.kind === 'channel' || term.kind === 'neuron') {
    inside(term.channel, channels, 'channel', name);
  }
  if (term.kind === 'neuron') {
    inside(term.row ?? 0, height, 'row', name);
    inside(term.column ?? 0, width, 'column', name);
  }
  if (term.kind === 'direction' && term.direction.length !== channels) {
    throw new LensError(
      'E_ARGUMENT',
      `Expected a direction of ${channels} numbers for ${name}, got ${term.direction.length}.`,
    );
  }
}

function inside(value: number, count: number, what: string, where: string): void {
  if (Number.isInteger(value) && value >= 0 && value < count) return;
  throw new LensError(
    'E_ARGUMENT',
    `Expected a ${what} of ${where} from 0 to ${count - 1}, got ${value}.`,
  );
}

/**
 * Adds the weights that make a fed term the dot product with the activation (or its log-softmax).
 *
 * @param term one part of a goal
 * @param place where it looks
 * @param weights `[channels, positions...]`; is added to
 */
export function addWeights(term: Term, { shape }: Place, weights: Float32Array): void {
  const { weight = 1 } = term;
  const [channels = 1, height = 1, width = 1] = shape;
  const positions = weights.length / channels;
  const spread = (channel: number, value: number): void => {
    const start = channel * positions;
    for (let i = start; i < start + positions; i++) weights[i] = weights[i]! + value / positions;
  };
  switch (term.kind) {
    case 'class':
    case 'probability':
      return spread(term.index, weight);
    case 'channel':
      return spread(term.channel, weight);
    case 'direction':
      return term.direction.forEach((value, channel) => spread(channel, weight * value));
    case 'neuron': {
      const { row = Math.floor(height / 2), column = Math.floor(width / 2) } = term;
      const at = term.channel * positions + row * width + column;
      weights[at] = weights[at]! + weight;
      return;
    }
    case 'layer':
    case 'match':
    case 'guide':
    case 'diversity':
      throw new RangeError(`${term.kind} is not fed`);
  }
}

/**
 * How a term is fed: as weights of the activation (`linear`) or of its log-softmax (`log`), so that one program
 * serves every unit of a layer and every class. Undefined for terms that are written into the program.
 *
 * @param term one part of a goal
 */
export function feedOf(term: Term): 'linear' | 'log' | undefined {
  if (term.kind === 'probability') return 'log';
  if (term.kind === 'class' || term.kind === 'channel' || term.kind === 'neuron') return 'linear';
  return term.kind === 'direction' && term.cosine === undefined ? 'linear' : undefined;
}
