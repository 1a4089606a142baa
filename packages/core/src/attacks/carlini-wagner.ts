import { distance } from './ball.js';
import { attackMethod, type AttackMethod } from './method.js';
import { fools, AttackObjective } from './objective.js';
import { plain, times } from './parameters.js';

/** What Adam keeps of one image (Kingma and Ba 2015, its usual constants). */
interface Moments {
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** One image between its tries. */
interface State {
  constant: number;
  low: number;
  high: number;
  /** tanh(w) = 2 p - 1. */
  w: Float64Array;
  moments: Moments;
  fooled: boolean;
  last: number;
  stopped: boolean;
}

/** Keeps atanh finite at black and white. */
const INSIDE = 0.999999;
const CHECKS = 10;

/**
 * Carlini and Wagner's attack for the Euclidean distance: p' = (tanh(w) + 1) / 2 needs no box, and Adam lowers
 * |p' - p|^2 + c max(z_y - max of the others, -confidence), or the same towards a class. The constant c is searched:
 * halved between two bounds after a success, tenfold after a failure that has no upper bound yet. A search stops early
 * where a tenth of its steps brought nothing.
 *
 * @see Carlini and Wagner, Towards evaluating the robustness of neural networks, S&P 2017, section V
 */
export const carliniWagner: AttackMethod = attackMethod({
  id: 'cw',
  title: 'Carlini-Wagner',
  source: 'Carlini and Wagner 2017',
  gradients: true,
  towards: true,
  keeps: 'least',
  parameters: {
    steps: times('Steps a search', 100),
    searches: times('Searches', 6),
    rate: plain('Rate', 0.01, 0, 10),
    constant: plain('First constant', 0.1, 0, 1e10),
    confidence: plain('Confidence', 0, 0, 1e6),
  },
  async run(classifier, task, { steps, searches, rate, constant, confidence }) {
    const objective = new AttackObjective(classifier, task, 'margin');
    const best = task.images.map((image) => ({ image: image.slice(), distance: Infinity }));
    const first = await classifier.logits(task.images);
    first.forEach((logits, i) => {
      if (fools(task, logits, i) && objective.value(logits, i) >= confidence) best[i]!.distance = 0;
    });
    const states = task.images.map((): State => fresh(constant));
    for (let search = 0; search < searches; search++) {
      states.forEach((state, i) => begin(state, task.images[i]!));
      for (let step = 0; step < steps; step++) {
        const active = states.flatMap((state, i) =>
          state.stopped || best[i]!.distance === 0 ? [] : [i],
        );
        if (active.length === 0) break;
        const images = active.map((i) => Float32Array.from(states[i]!.w, picture));
        const standings = await objective.standings(images, active);
        standings.forEach(({ logits, value, gradient }, at) => {
          const i = active[at]!;
          const [state, own, image] = [states[i]!, task.images[i]!, images[at]!];
          const length = distance(image, own);
          if (value >= confidence && fools(task, logits, i)) {
            state.fooled = true;
            if (length < best[i]!.distance) best[i] = { image, distance: length };
          }
          const total = length ** 2 + state.constant * Math.max(confidence - value, 0);
          const check = Math.max(1, Math.floor(steps / CHECKS));
          if (step % check === 0) {
            state.stopped = total > state.last * 0.9999;
            state.last = total;
          }
          // d p'/dw = (1 - tanh(w)^2) / 2; the loss falls where the margin climbs.
          const pull = value < confidence ? state.constant : 0;
          const change = (k: number): number =>
            ((2 * (image[k]! - own[k]!) - pull * gradient[k]!) *
              (1 - Math.tanh(state.w[k]!) ** 2)) /
            2;
          adam(state.w, state.moments, step + 1, rate, change);
        });
        await task.onStep?.({
          done: search * steps + step + 1,
          total: searches * steps,
          images: best.map(({ image }) => image),
        });
      }
      for (const state of states) narrow(state);
    }
    return best.map(({ image }) => image);
  },
});

const picture = (w: number): number => (Math.tanh(w) + 1) / 2;

function fresh(constant: number): State {
  const none = new Float64Array();
  const moments = { first: none, second: none };
  return {
    constant,
    low: 0,
    high: Infinity,
    w: none,
    moments,
    fooled: false,
    last: Infinity,
    stopped: false,
  };
}

/** Every search begins at the image. */
function begin(state: State, image: Float32Array): void {
  state.w = Float64Array.from(image, (value) => Math.atanh((2 * value - 1) * INSIDE));
  state.moments = { first: new Float64Array(image.length), second: new Float64Array(image.length) };
  state.fooled = false;
  state.last = Infinity;
  state.stopped = false;
}

function narrow(state: State): void {
  if (state.fooled) state.high = Math.min(state.high, state.constant);
  else state.low = Math.max(state.low, state.constant);
  state.constant =
    state.high === Infinity ? Math.min(1e10, state.constant * 10) : (state.low + state.high) / 2;
}

function adam(
  w: Float64Array,
  { first, second }: Moments,
  time: number,
  rate: number,
  gradient: (at: number) => number,
): void {
  const [a, b] = [1 - 0.9 ** time, 1 - 0.999 ** time];
  for (let at = 0; at < w.length; at++) {
    const g = gradient(at);
    first[at] = 0.9 * first[at]! + 0.1 * g;
    second[at] = 0.999 * second[at]! + 0.001 * g * g;
    w[at]! -= (rate * (first[at]! / a)) / (Math.sqrt(second[at]! / b) + 1e-8);
  }
}
