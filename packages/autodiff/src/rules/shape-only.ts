import type { Rule, Rules } from '../rule.js';
import { reshape } from '../shaping.js';

const back: Rule = (step) => [reshape(step.b, step.dy, step.shape())];

/** Operators that only change the shape, or nothing: the cotangent in the input's shape. */
export const shapeOnly: Rules = {
  Dropout: (step) => {
    // Exporters leave a dropout of nothing in training mode; it is the identity there too.
    const none = step.b.elements(step.node.inputs[1] ?? '')?.data[0];
    const training = step.list(2);
    if (training?.[0] && Number(none ?? 0.5) !== 0)
      step.refuse('it is in training mode, where it is random; trainingMode gives it a mask.');
    return [step.dy];
  },
  Flatten: back,
  Identity: back,
  Reshape: back,
  Squeeze: back,
  Unsqueeze: back,
};
