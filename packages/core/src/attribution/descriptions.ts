import type { AttributionDescription, AttributionMethod } from './methods.js';
import { camDescription, guidedCamDescription } from './rows/cam.js';
import { integratedDescription } from './rows/integrated.js';
import { occlusionDescription } from './rows/occluded.js';
import { gradientInputDescription, saliencyDescription } from './rows/plain.js';
import { smoothDescription } from './rows/smooth.js';

/** What is known of each attribution method without computing anything: panels, checks and commands need no more. */
export const attributionDescriptions: Readonly<Record<AttributionMethod, AttributionDescription>> =
  {
    saliency: saliencyDescription,
    'gradient-input': gradientInputDescription,
    integrated: integratedDescription,
    smoothgrad: smoothDescription,
    occlusion: occlusionDescription,
    gradcam: camDescription,
    'guided-gradcam': guidedCamDescription,
  };
