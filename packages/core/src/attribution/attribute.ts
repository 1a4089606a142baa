import type { TensorData } from '@convlens/onnx';
import { settingsOf } from '../schema/settings.js';
import type { Parameters } from '../schema/parameter.js';
import { attributionDescriptions } from './descriptions.js';
import type { AttributionMethod, AttributionRow, AttributionTask } from './methods.js';
import { cam, guidedCam } from './rows/cam.js';
import { integrated } from './rows/integrated.js';
import { occluded } from './rows/occluded.js';
import { gradientInput, saliency } from './rows/plain.js';
import { smooth } from './rows/smooth.js';

/** All methods at work. */
const attributions = {
  saliency,
  'gradient-input': gradientInput,
  integrated,
  smoothgrad: smooth,
  occlusion: occluded,
  gradcam: cam,
  'guided-gradcam': guidedCam,
} satisfies Record<AttributionMethod, unknown>;

/** An attribution map. */
export interface Attributed {
  /** float32 `[C, H, W]` or `[H, W]`. */
  readonly map: TensorData<'float32'>;
  /** Remarks for people: the completeness gap, a zero gradient. */
  readonly notes: readonly string[];
}

/**
 * An attribution by any of the methods.
 *
 * @param task network, image, target, method and its settings
 * @throws LensError `E_ARGUMENT` for a setting that the method does not take, or a target without a layer for Grad-CAM;
 * `E_OP_UNSUPPORTED`, `E_RUN`
 */
export async function attribute(task: AttributionTask): Promise<Attributed> {
  const description = attributionDescriptions[task.method];
  const known = Object.entries(task.settings ?? {}).filter(
    ([name]) => name in description.parameters,
  );
  const settings = settingsOf(description, Object.fromEntries(known));
  const notes: string[] = [];
  const row = attributions[task.method] as AttributionRow<Parameters>;
  return { map: await row(task, settings, notes), notes };
}
