import { float32, GraphBuilder, type TensorData } from '@convlens/onnx';
import { expect, it } from 'vitest';
import { native } from '../../core/test/support/run.js';
import { numbersOf, OPTIMIZERS, type Numbers, type OptimizerSettings } from '../src/index.js';

const START = [1, -2, 0.5, 0.01];
/** Gradients of five steps, large and small, and one that is zero. */
const GRADIENTS = [
  [0.3, -1.5, 0, 2e-4],
  [-0.2, 0.7, 0, 1e-4],
  [0.9, 0.1, 0, -3e-4],
  [1.4, -0.4, 0, 5e-4],
  [-0.6, 2.2, 0, 1e-4],
];
/** Rates that change from step to step, which tells forms of momentum apart. */
const RATES = [1, 1, 0.5, 0.5, 0.1];

/** The steps that the table's row takes, in float32. */
async function taken(settings: OptimizerSettings): Promise<number[]> {
  const numbers = numbersOf(settings);
  const row = OPTIMIZERS[settings.kind];
  const b = new GraphBuilder();
  const [weight, gradient] = [b.input('w', [4]), b.input('g', [4])];
  const carry: Record<string, string> = {};
  let values: Record<string, TensorData> = { w: float32(Float32Array.from(START), [4]) };
  carry.w = row.write({
    ...{ b, settings: numbers, weight, gradient },
    state(name, next, initial = 0) {
      const old = b.input(name, [4]);
      values[old] = float32(new Float32Array(4).fill(initial), [4]);
      return (carry[old] = next(old));
    },
    scalar: (name) => (b.info(name) ? name : b.input(name, [1])),
  });
  for (const name of Object.values(carry)) b.output(name);
  const graph = b.finish();
  const program = await native.prepare(graph);
  for (const [at, g] of GRADIENTS.entries()) {
    const scalars = row.scalars(numbers, at + 1, numbers.lr * RATES[at]!);
    const feeds: Record<string, TensorData> = { ...values, g: float32(Float32Array.from(g), [4]) };
    for (const [name, value] of Object.entries(scalars)) {
      feeds[name] = float32(Float32Array.of(value), [1]);
    }
    const found = await program.run(feeds);
    values = Object.fromEntries(Object.entries(carry).map(([to, from]) => [to, found[from]!]));
  }
  await program.dispose();
  return Array.from(values.w!.data as Float32Array);
}

type Formula = (n: Numbers) => (w: number, g: number, t: number, lr: number) => number;

/** The formulas of Keras's documentation, one weight at a time, in float64. */
const KERAS: Readonly<Record<string, Formula>> = {
  sgd: ({ momentum, nesterov }) =>
    (() => {
      let m = 0;
      return (w, g, _, lr) => {
        m = momentum * m - lr * g;
        return nesterov ? w + momentum * m - lr * g : w + m;
      };
    })(),
  adagrad: ({ eps }) => {
    let sum = 0.1;
    return (w, g, _, lr) => {
      sum += g * g;
      return w - (lr * g) / Math.sqrt(sum + eps);
    };
  },
  adadelta: ({ alpha, eps }) => {
    let [squares, steps] = [0, 0];
    return (w, g, _, lr) => {
      squares = alpha * squares + (1 - alpha) * g * g;
      const step = (-Math.sqrt(steps + eps) * g) / Math.sqrt(squares + eps);
      steps = alpha * steps + (1 - alpha) * step * step;
      return w + lr * step;
    };
  },
  rmsprop: ({ alpha, eps, momentum }) => {
    let [squares, m] = [0, 0];
    return (w, g, _, lr) => {
      squares = alpha * squares + (1 - alpha) * g * g;
      const step = (lr * g) / Math.sqrt(squares + eps);
      m = momentum * m + step;
      return w - (momentum > 0 ? m : step);
    };
  },
  adam: ({ betas: [first, second], eps }) => {
    let [m, v] = [0, 0];
    return (w, g, t, lr) => {
      m += (g - m) * (1 - first);
      v += (g * g - v) * (1 - second);
      const alpha = (lr * Math.sqrt(1 - second ** t)) / (1 - first ** t);
      return w - (alpha * m) / (Math.sqrt(v) + eps);
    };
  },
};

it.each<OptimizerSettings>([
  { kind: 'sgd' },
  { kind: 'sgd', lr: 0.1, momentum: 0.9 },
  { kind: 'sgd', lr: 0.1, momentum: 0.9, nesterov: true },
  { kind: 'adagrad', lr: 0.1 },
  { kind: 'adadelta', lr: 1 },
  { kind: 'rmsprop' },
  { kind: 'rmsprop', momentum: 0.5 },
  { kind: 'adam', lr: 0.01 },
])("%o takes Keras's steps", async (settings) => {
  const found = await taken({ ...settings, convention: 'keras' });
  const numbers = numbersOf({ ...settings, convention: 'keras' });
  START.forEach((start, i) => {
    const step = KERAS[settings.kind]!(numbers);
    const right = GRADIENTS.reduce(
      (w, g, at) => step(w, g[i]!, at + 1, numbers.lr * RATES[at]!),
      start,
    );
    expect(found[i]).toBeCloseTo(right, 5);
  });
});

it('shortens weights by themselves with AdamW, and not by way of the gradient', async () => {
  const still = GRADIENTS.map((row) => row[2]);
  expect(still.every((g) => g === 0)).toBe(true);
  const found = await taken({ kind: 'adamw', lr: 0.1, weightDecay: 0.5 });
  // The third weight has no gradient: it only shrinks, by 1 - lr decay a step.
  const right = RATES.reduce((w, rate) => w * (1 - 0.1 * rate * 0.5), START[2]!);
  expect(found[2]).toBeCloseTo(right, 6);
});

it('leaves alone what has no gradient, whatever the optimiser', async () => {
  for (const kind of Object.keys(OPTIMIZERS) as OptimizerSettings['kind'][]) {
    const [, , still] = await taken({ kind, weightDecay: 0 });
    expect(still, kind).toBe(START[2]);
  }
});

it('has the defaults of PyTorch and of Keras', () => {
  expect(numbersOf({ kind: 'adam' })).toMatchObject({ lr: 1e-3, eps: 1e-8, betas: [0.9, 0.999] });
  expect(numbersOf({ kind: 'adam', convention: 'keras' }).eps).toBe(1e-7);
  expect(numbersOf({ kind: 'rmsprop' })).toMatchObject({ lr: 1e-2, alpha: 0.99, eps: 1e-8 });
  expect(numbersOf({ kind: 'rmsprop', convention: 'keras' })).toMatchObject({ alpha: 0.9 });
  expect(numbersOf({ kind: 'adamw' }).weightDecay).toBe(0.01);
});
