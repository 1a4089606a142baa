import { attributionMethods, projectionRules, type ProjectionRule } from '@convlens/core';
import { index, oneOf, text, type LinkSchema } from '@convlens/elements';
import type { AttributionMethod } from '@convlens/engine';

/** Which lens is over the grid. */
export type View = 'filters' | 'maps' | 'projections' | 'attribution';

/** What a link to the viewer holds: enough to open the same view again. */
export interface ViewerState {
  /** Id of an embedded network. */
  network: string;
  /** Id of a sample picture. */
  image: string;
  /** Layer id. */
  layer: string;
  /** Pinned unit. */
  channel: number | undefined;
  view: View;
  sort: 'order' | 'strength';
  scale: 'each' | 'together';
  /** Pinned place of the pinned unit's map. */
  row: number | undefined;
  column: number | undefined;
  /** Max-poolings are shown by what they read, with the places that won. */
  switches: 'on' | 'off';
  /** How the strongest patches are carried back. */
  rule: ProjectionRule;
  /** What attributions are of. */
  of: 'class' | 'unit';
  /** Class of the attribution; the most probable one when left out. */
  target: number | undefined;
  method: AttributionMethod;
  /** Layers from the classifier down whose weights are made random. */
  randomised: number | undefined;
}

/** The keys of the link. */
export const linkSchema: LinkSchema<ViewerState> = {
  network: text('resnet18'),
  image: text(),
  layer: text(),
  channel: index(),
  view: oneOf(['filters', 'maps', 'projections', 'attribution'], 'filters'),
  sort: oneOf(['order', 'strength'], 'order'),
  scale: oneOf(['each', 'together'], 'each'),
  row: index(),
  column: index(),
  switches: oneOf(['off', 'on'], 'off'),
  rule: oneOf(projectionRules, 'deconvnet'),
  of: oneOf(['class', 'unit'], 'class'),
  target: index(),
  method: oneOf(attributionMethods, 'saliency'),
  randomised: index(),
};
