import { int } from '../attribute.js';
import type { Rule, Rules } from '../rule.js';

/** ONNX's numbers of the float types. */
const codes: Readonly<Record<string, number>> = { float32: 1, float16: 10, float64: 11 };

const castBack: Rule = (step) => {
  const { b, dy } = step;
  const type = b.dtype(step.x());
  const code = codes[type];
  if (code === undefined || b.dtype(step.y) === type) return [dy];
  return [b.one('Cast', [dy], b.shape(dy), { to: int(code) }, type)];
};

/** Cast between float types: the cotangent in the input's type. A cast to integers or bool has no derivative. */
export const casts: Rules = { Cast: castBack, CastLike: castBack };
