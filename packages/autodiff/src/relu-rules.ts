import type { GraphBuilder } from '@convlens/onnx';
import { choose } from './algebra.js';

/**
 * What becomes of a signal at a rectifier.
 *
 * @param b where to emit
 * @param signal from above
 * @param open makes the bool value that says where the rectifier let its input through
 */
type Rectify = (b: GraphBuilder, signal: string, open: () => string) => string;

const positive = (b: GraphBuilder, signal: string): string => b.emit('Relu', [signal]);

/**
 * What a signal R from above becomes at a rectifier with input v: `backprop` R [v > 0], `deconvnet` max(R, 0)
 * (Zeiler and Fergus 2013), `guided` max(R, 0) [v > 0] (Springenberg et al. 2014); `redirected` R [v > 0] +
 * max(R, 0) [v <= 0] lets a signal wake a rectifier that sleeps (Olah et al. 2017: for the first steps of an ascent
 * whose gradient is zero).
 */
export const reluRules = {
  backprop: (b, signal, open) => choose(b, open(), signal, 0),
  deconvnet: positive,
  guided: (b, signal, open) => {
    const passed = positive(b, signal);
    return choose(b, open(), passed, 0);
  },
  redirected: (b, signal, open) => choose(b, open(), signal, positive(b, signal)),
} satisfies Readonly<Record<string, Rectify>>;

/** Which of them. */
export type ReluRule = keyof typeof reluRules;
