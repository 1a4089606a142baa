import type { Network } from '@convlens/adapters';
import type { TensorData } from '@convlens/onnx';
import type { FeatureMaps } from '../feature-maps/feature-maps.js';
import type { Gradients, Target } from '../gradients/gradients.js';
import type { NumberParameter, Parameters, Settings, SettingsOf } from '../schema/parameter.js';
import type { OnStep } from './attribution.js';

/** Ways to say which pixels drove a score. */
export const attributionMethods = [
  'saliency',
  'gradient-input',
  'integrated',
  'smoothgrad',
  'occlusion',
  'gradcam',
  'guided-gradcam',
] as const;

/** One of the ways to say which pixels drove a score. */
export type AttributionMethod = (typeof attributionMethods)[number];

/** What is known of a method without computing anything. */
export interface AttributionDescription<P extends Parameters = Parameters<NumberParameter>> {
  /** For people. */
  readonly title: string;
  /** One sentence: what the map shows. */
  readonly about: string;
  /** Paper. */
  readonly source: string;
  /** Whether it weighs the maps of a layer below the target: then there must be one (`gradCamLayer`). */
  readonly overMaps?: true;
  /** Its schema. */
  readonly parameters: P;
}

/** What `attribute` needs. */
export interface AttributionTask {
  readonly network: Network;
  readonly gradients: Gradients;
  /** Forward passes, for occlusion. */
  readonly maps: FeatureMaps;
  /** float32 `[1, C, H, W]`, preprocessed. */
  readonly input: TensorData<'float32'>;
  readonly target: Target;
  readonly method: AttributionMethod;
  /** Its parameters; what is left out has its default, and what the method does not have is passed over. */
  readonly settings?: Settings;
  readonly onStep?: OnStep;
}

/**
 * A method at work.
 *
 * @param task network, image, target
 * @param settings of its parameters
 * @param notes receives remarks for people
 * @returns float32 `[C, H, W]` or `[H, W]`
 */
export type AttributionRow<P extends Parameters = Parameters<never>> = (
  task: AttributionTask,
  settings: SettingsOf<P>,
  notes: string[],
) => Promise<TensorData<'float32'>>;
