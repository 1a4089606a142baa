import type { Rule, Rules } from '../rule.js';
import { reshape } from '../shaping.js';

const back: Rule = (step) => [reshape(step.b, step.dy, step.shape())];

/** Operators that only change the shape, or nothing: the cotangent in the input's shape. */
export const shapeOnly: Rules = {
  Dropout: (step) => {
    const training = step.list(2);
    if (training?.[0]) step.refuse('it is in training mode, where it is random.');
    return [step.dy];
  },
  Flatten: back,
  Identity: back,
  Reshape: back,
  Squeeze: back,
  Unsqueeze: back,
};
