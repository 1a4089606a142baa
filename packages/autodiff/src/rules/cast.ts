import type { Rule, Rules } from '../rule.js';

const castBack: Rule = (step) => [step.b.cast(step.dy, step.b.dtype(step.x()))];

/** Cast between float types: the cotangent in the input's type. A cast to integers or bool has no derivative. */
export const casts: Rules = { Cast: castBack, CastLike: castBack };
