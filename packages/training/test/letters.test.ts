// E, F and L with two hidden units: what is learnt, and how often a start dies.
import { describe, expect, it } from 'vitest';
import { native } from '../../core/test/support/run.js';
import {
  evaluate,
  glyph,
  learn,
  letters,
  lettersPreset,
  restarts,
  Trainer,
  buildNetwork,
  type NetworkRecipe,
  type Start,
  type StepOptions,
} from '../src/index.js';

const network: NetworkRecipe = {
  name: 'letters',
  input: [1, 8, 8],
  layers: [
    { kind: 'dense', units: 2, bias: false },
    { kind: 'relu' },
    { kind: 'dense', units: 3, bias: false },
  ],
};

const step: StepOptions = {
  ...{ batch: 64, loss: { kind: 'cross_entropy' } },
  optimizer: { kind: 'sgd', lr: 0.1, weightDecay: 1e-3 },
};

/** What the two units should look like: 1 on columns 3 to 5 of the bottom bar, of the two upper bars, 0 elsewhere. */
const ideal = (rows: readonly number[]): Float32Array =>
  Float32Array.from({ length: 64 }, (_, i) =>
    rows.includes(i >> 3) && (i & 7) >= 3 && (i & 7) <= 5 ? 1 : 0,
  );

function correlation(a: Float32Array, b: Float32Array): number {
  const centred = (of: Float32Array) => {
    const mean = of.reduce((sum, v) => sum + v, 0) / of.length;
    return of.map((v) => v - mean);
  };
  const [x, y] = [centred(a), centred(b)];
  const product = (p: Float32Array, q: Float32Array) => p.reduce((sum, v, i) => sum + v * q[i]!, 0);
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}

/** Seeds so far apart that no start of one is a start of another. */
const SPREAD = 1000;

/** How well the units of a start are the ideal ones, in either order: the worse of the two. */
function likeness({ weights }: Start): number {
  const all = weights['fc1.weight']!.data as Float32Array;
  const units = [all.subarray(0, 64), all.subarray(64)];
  const [bottom, upper] = [ideal([6]), ideal([1, 3])];
  const as = (a: number, b: number) =>
    Math.min(correlation(units[a]!, bottom), correlation(units[b]!, upper));
  return Math.max(as(0, 1), as(1, 0));
}

describe('letters', () => {
  it('are drawn as they are defined, with noise that only adds', () => {
    const set = letters({ each: 50 });
    expect(set.labels.length).toBe(150);
    expect([0, 1, 2].map((k) => set.labels.filter((label) => label === k).length)).toEqual([
      50, 50, 50,
    ]);
    const [stem, bars] = [glyph('E').filter((_, i) => (i & 7) === 2), glyph('E')];
    expect(stem.reduce((a, b) => a + b)).toBe(6);
    expect(bars.reduce((a, b) => a + b)).toBe(6 + 3 * 3);
    let [added, count] = [0, 0];
    set.labels.forEach((label, i) => {
      const drawn = glyph(set.classes[label]!);
      drawn.forEach((v, k) => {
        const noise = set.images[i * 64 + k]! - v;
        expect(noise).toBeGreaterThanOrEqual(0);
        added += noise;
        count++;
      });
    });
    // The mean of max(0, N(0, .2)) is .2 / sqrt(2 pi).
    expect(added / count).toBeCloseTo(0.2 / Math.sqrt(2 * Math.PI), 2);
    expect(letters({ each: 50 })).toEqual(set);
    expect(() => letters({ letters: ['E', 'Q'] })).toThrow(/got "Q"/);
  });
});

describe('two hidden units', () => {
  it('tell E, F and L apart within 20 starts from each of 20 seeds, by the bottom bar and by the upper ones', async () => {
    const likenesses: number[] = [];
    let [reached, starts, lived] = [0, 0, 0];
    for (let seed = 0; seed < 20; seed++) {
      const found: Start[] = [];
      for await (const start of restarts(native, lettersPreset(SPREAD * seed))) found.push(start);
      starts += found.length;
      lived += found.filter((start) => start.reached).length;
      const last = found.at(-1)!;
      if (last.reached) reached++;
      likenesses.push(likeness(last));
    }
    console.log(
      `E, F, L: ${reached} of 20 seeds, ${starts} starts (${((100 * lived) / starts).toFixed(0)} % of single starts live), ` +
        `likeness ${likenesses.map((v) => v.toFixed(2)).join(' ')}`,
    );
    expect(reached).toBe(20);
    // Half of them die; none dies twenty times in a row.
    expect(starts).toBeLessThan(80);
    expect(likenesses.filter((v) => v >= 0.8).length).toBeGreaterThanOrEqual(18);
  });
});

describe('learning', () => {
  it('goes on from a checkpoint in the middle of an epoch as if nothing had been', async () => {
    const set = letters({ each: 100 });
    const options = { set, epochs: 2, seed: 7 };
    const whole = await Trainer.start(native, buildNetwork(network), step);
    const losses: number[] = [];
    for await (const { loss } of learn(whole, options)) losses.push(loss);
    const first = await Trainer.start(native, buildNetwork(network), step);
    const parts: number[] = [];
    for await (const { loss, step: at } of learn(first, options)) {
      parts.push(loss);
      if (at === 3) break;
    }
    const second = await Trainer.start(native, buildNetwork(network), step);
    await second.restore(await first.checkpoint());
    for await (const { loss } of learn(second, options)) parts.push(loss);
    expect(parts).toEqual(losses);
    expect(losses).toHaveLength(8);
    await Promise.all([whole.dispose(), first.dispose(), second.dispose()]);
  });

  it('stops where the loss is not finite, and says at which step', async () => {
    const wild: StepOptions = { ...step, optimizer: { kind: 'sgd', lr: 1e30 } };
    const trainer = await Trainer.start(native, buildNetwork(network), wild);
    const all = async (): Promise<void> => {
      for await (const _ of learn(trainer, { set: letters({ each: 100 }), epochs: 3 }));
    };
    await expect(all()).rejects.toMatchObject({ code: 'E_NOT_FINITE' });
    await trainer.dispose();
  });

  it('is measured on every image, by class', async () => {
    const set = letters({ each: 70 });
    const found = await evaluate(native, buildNetwork(network), set, 64);
    expect(found.count).toBe(210);
    const rows = found.confusion.map((row) => row.reduce((a, b) => a + b));
    expect(rows).toEqual([70, 70, 70]);
    expect(found.confusion.reduce((sum, row, k) => sum + row[k]!, 0)).toBe(found.right);
  });
});
