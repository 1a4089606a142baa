import { letters } from '../letters.js';
import type { RestartOptions } from '../restarts.js';

/**
 * E, F and L with two hidden units and no biases: one comes to answer to the bottom bar, which E and L have, the other to the
 * two upper ones, which E and F have; their weights as images are the whole explanation. About half of all starts die, by a
 * unit that answers to nothing or by a tie, so there may be several. First weights without signs make it half: with signs it is a
 * quarter. The decay makes of those that live nearly all find these two pictures; with a tenth of it one in six finds that
 * an F is a stem without a bottom bar.
 *
 * @param seed of the letters and of the first start; the starts after it have the next ones
 * @param units hidden ones: two are enough, a third makes most starts live
 */
export function lettersPreset(seed = 0, units = 2): RestartOptions {
  return {
    network: {
      ...{ name: 'letters', input: [1, 8, 8], seed },
      layers: [
        { kind: 'dense', units, bias: false, positive: true },
        { kind: 'relu' },
        { kind: 'dense', units: 3, bias: false },
      ],
    },
    set: letters({ seed }),
    ...{ batch: 64, epochs: 10, loss: { kind: 'cross_entropy' } },
    optimizer: { kind: 'sgd', lr: 0.05, weightDecay: 0.08 },
  };
}
