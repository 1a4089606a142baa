import { checkTerm, type Place, type Term } from '@convlens/autodiff';
import type { Network } from '@convlens/adapters';
import { LensError } from '@convlens/onnx';
import { findLayer } from '../feature-maps/feature-maps.js';

/**
 * Where a term looks: from ids of layers and numbers of classes to values of the graph.
 *
 * @param network the network
 * @param term one part of an objective
 * @throws LensError `E_LAYER_UNKNOWN`; `E_ARGUMENT` for a class or unit that does not exist, or a direction of
 * another length
 */
export function placeOf(network: Network, term: Term): Place {
  const place = 'layer' in term ? layerPlace(network, term.layer) : scoresPlace(network);
  checkTerm(term, place);
  return place;
}

function layerPlace(network: Network, id: string): Place {
  const { value, shape, id: name } = findLayer(network, id);
  return { value, shape, name: `layer "${name}"` };
}

function scoresPlace({ logits, graph, title }: Network): Place {
  if (!logits) {
    throw new LensError(
      'E_ARGUMENT',
      `${title} has no class scores. Choose a unit of a layer instead of a class.`,
    );
  }
  const known = graph.values.get(logits.value)?.shape?.slice(1) ?? [];
  const shape = known.every((extent) => typeof extent === 'number') ? known : [];
  // Some networks leave their scores as a map of one pixel.
  return {
    value: logits.value,
    shape: shape.length > 0 ? shape : [logits.classes],
    name: title,
  };
}
