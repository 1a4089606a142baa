import { describe, expect, it } from 'vitest';
import {
  attack,
  DefendedClassifier,
  defences,
  robustnessCurves,
  topClass,
  transferMatrix,
  type Classifier,
  type CurveTask,
  type TransferNetwork,
} from '../src/index.js';
import { byMean, cifar, hasCifar, noisePictures, randomClassifier } from './support/classifiers.js';

const flat = (value: number, side = 4): Float32Array => new Float32Array(side * side).fill(value);
/** Says 1 where the mean is above one half. */
const half = byMean(4, [0, 1], [0.5, 0]);

describe('a robustness curve', () => {
  const pictures = [flat(0.45), flat(0.3), flat(0.6), flat(0.7)];
  const task: CurveTask = {
    images: pictures,
    // The last is not known.
    labels: [0, 0, 1, 0],
    attacks: [{ method: 'fgsm' }, { method: 'pgd', settings: { steps: 5, start: 'image' } }],
    epsilons: [0.25, 0.07, 0.15],
    seed: 1,
  };

  it('begins with the accuracy, and falls where the way to the border is shorter than epsilon', async () => {
    const curves = await robustnessCurves(half, task);
    expect(curves.map(({ method }) => method)).toEqual(['fgsm', 'pgd']);
    for (const { points, fell } of curves) {
      expect(points.map(({ eps }) => eps)).toEqual([0, 0.07, 0.15, 0.25]);
      expect(points.map(({ accuracy }) => accuracy)).toEqual([0.75, 0.5, 0.25, 0]);
      expect(points.map(({ success }) => success)).toEqual([0, 1 / 3, 2 / 3, 1].map(near));
      expect(fell).toEqual([0.07, 0.25, 0.15, 0]);
    }
    // Who has fallen rests: three images, then two, then one.
    expect(curves[0]!.queries.gradient).toBe(3 + 2 + 1);
    expect(curves[1]!.queries.gradient).toBe(5 * (3 + 2 + 1));
  });

  it('tells how far it is, with what is drawn, and stops when it is told to', async () => {
    const seen: number[] = [];
    await robustnessCurves(half, {
      ...task,
      onProgress({ done, total, curves }) {
        expect(total).toBe(6);
        expect(curves.length).toBe(done <= 3 ? 1 : 2);
        seen.push(done);
      },
    });
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.length).toBe(3 * (1 + 1) + 3 * (5 + 1));
    expect(seen.at(-1)).toBe(6);
    const stop = new Error('stop');
    let told = 0;
    const run = robustnessCurves(half, {
      ...task,
      onProgress() {
        told++;
        throw stop;
      },
    });
    await expect(run).rejects.toBe(stop);
    expect(told).toBe(1);
  });

  it('of a network behind a defence that the attack does not know counts what the defended one says', async () => {
    // The one that is asked wants more: its border is at 0.65.
    const judge = byMean(4, [0, 1], [0.65, 0]);
    const curves = await robustnessCurves(half, { ...task, labels: [0, 0, 1, 1], judge });
    expect(curves[0]!.fell).toEqual([0.25, undefined, 0, 0.07]);
    expect(curves[0]!.points.map(({ accuracy }) => accuracy)).toEqual([0.75, 0.5, 0.5, 0.25]);
  });

  it.each([
    [{ attacks: [{ method: 'deepfool' }] }, /keeps within epsilon \(fgsm, bim.*got "deepfool"/],
    [{ attacks: [{ method: 'pgd', settings: { eps: 0.1 } }] }, /PGD has one of its own/],
    [{ attacks: [{ method: 'pgd', settings: { power: 2 } }] }, /no parameter "power"/],
    [{ attacks: [] }, /at least one attack/],
    [{ epsilons: [] }, /epsilons of 0 and above, got none/],
    [{ epsilons: [0.1, -1] }, /got -1/],
    [{ images: [] }, /got 0 images and 4 classes/],
  ] as const)('refuses %j', async (change, message) => {
    await expect(robustnessCurves(half, { ...task, ...change })).rejects.toThrow(message);
  });

  it.runIf(hasCifar)(
    'counts an image that a smaller epsilon took as fallen, also where a larger one alone would not take it',
    async () => {
      const { classifier, images, labels } = cifar();
      const epsilons = [1, 2, 4, 8, 16, 32, 64].map((level) => level / 255);
      const alone: boolean[][] = [];
      for (const eps of epsilons) {
        const request = { method: 'fgsm', settings: { eps }, images, labels, seed: 1 };
        alone.push((await attack(classifier, request)).images.map(({ fooled }) => fooled));
      }
      const rises = images.filter((_, i) =>
        alone.some((now, at) => at > 0 && alone[at - 1]![i] && !now[i]),
      );
      // One step as long as epsilon overshoots on some: else this would show nothing.
      expect(rises.length).toBeGreaterThan(0);
      const [curve] = await robustnessCurves(classifier, {
        ...{ images, labels, epsilons, seed: 1 },
        attacks: [{ method: 'fgsm' }],
      });
      curve!.points.slice(1).forEach(({ accuracy, eps }, at) => {
        const fallen = images.filter((_, i) => alone.slice(0, at + 1).some((now) => now[i]));
        expect(accuracy, `${eps}`).toBe((images.length - fallen.length) / images.length);
      });
    },
  );

  it.runIf(hasCifar)(
    'of an adaptive attack lies below that of one that does not know',
    async () => {
      const { classifier, images: all, labels: names } = cifar();
      const [images, labels] = [all.slice(0, 8), names.slice(0, 8)];
      const defence = defences.find(({ id }) => id === 'jpeg')!;
      const judge = new DefendedClassifier(classifier, { defence });
      const asked = {
        ...{ images, labels, seed: 1, epsilons: [2 / 255, 4 / 255, 8 / 255] },
        attacks: [{ method: 'pgd' }],
      };
      const [plain] = await robustnessCurves(classifier, { ...asked, judge });
      const [adaptive] = await robustnessCurves(judge, asked);
      adaptive!.points.forEach(({ accuracy }, i) =>
        expect(accuracy).toBeLessThanOrEqual(plain!.points[i]!.accuracy),
      );
      const sum = (curve: typeof plain): number =>
        curve!.points.reduce((total, { accuracy }) => total + accuracy, 0);
      expect(sum(adaptive)).toBeLessThan(sum(plain));
    },
  );
});

describe('a transfer matrix', () => {
  const border = (at: number, side = 4): Classifier => byMean(side, [0, 1], [at, 0]);
  const network = (
    title: string,
    classifier: Classifier,
    values: readonly number[],
    more: Partial<TransferNetwork> = {},
  ): TransferNetwork => ({
    title,
    classifier,
    images: values.map((value) => flat(value, classifier.shape[1])),
    labels: values.map(() => 0),
    ...more,
  });
  const values = [0.1, 0.4, 0.45, 0.55];
  const task = { method: 'fgsm', settings: { eps: 0.2 }, seed: 1 };

  it('counts pictures that both knew, and those of them that fool the other, too', async () => {
    const [a, b] = [network('A', border(0.5), values), network('B', border(0.62), values)];
    const rows = await transferMatrix([a, b], task);
    // A knows the first three and is taken on two, at 0.6 and 0.65; B, at 0.62, falls for one of these.
    expect(rows[0]).toEqual([
      { compared: 3, fooled: 2, rate: near(2 / 3), notes: [] },
      { compared: 3, fooled: 1, rate: near(1 / 3), notes: [] },
    ]);
    // B knows all four; what was made for it takes A on the two of three that A knew.
    expect(rows[1]).toEqual([
      { compared: 3, fooled: 2, rate: near(2 / 3), notes: [] },
      { compared: 4, fooled: 2, rate: 0.5, notes: [] },
    ]);
  });

  it('resamples between inputs of different sizes, and says so', async () => {
    const [a, b] = [network('A', border(0.5), values), network('B', border(0.5, 6), values)];
    const rows = await transferMatrix([a, b], task);
    expect(rows[0]![1]).toEqual({
      ...rows[0]![0],
      notes: ['Pictures of 4 x 4 are resampled to 6 x 6, which may undo the attack.'],
    });
    expect(rows[1]![0]).toMatchObject({ compared: 3, fooled: 2 });
  });

  it('matches classes by name, and says which pictures have none', async () => {
    const a = network('A', border(0.5), values, { classes: ['crane', 'tabby, tabby cat'] });
    // The same network with its classes the other way round.
    const turned = byMean(4, [1, 0], [0, 0.5]);
    const b = network('B', turned, values, {
      classes: ['Tabby', 'crane, crane bird'],
      labels: values.map(() => 1),
    });
    const [row] = await transferMatrix([a, b], task);
    expect(row![1]).toEqual(row![0]);
    const c = network('C', turned, values, { classes: ['tabby', 'heron'] });
    const [first] = await transferMatrix([{ ...a, labels: [0, 0, 1, 1] }, c], task);
    expect(first![1]).toMatchObject({
      compared: 1,
      notes: ['C does not have the class of 2 pictures.'],
    });
    // A name that a list has twice is matched by its place.
    const crane = { classes: ['crane', 'crane'] };
    const [, twice] = (
      await transferMatrix(
        [
          network('A', border(0.5), values, { ...crane, labels: [1, 1, 1, 1] }),
          network('B', border(0.5), values, crane),
        ],
        task,
      )
    )[0]!;
    expect(twice).toMatchObject({ compared: 1 });
  });

  it('says what cannot be compared at all', async () => {
    const random = randomClassifier(3);
    const pictures = noisePictures(4);
    const labels = (await random.logits(pictures)).map(topClass);
    const coloured = { title: 'Colour', classifier: random, images: pictures, labels };
    const seven = randomClassifier(7);
    const other = { ...coloured, title: 'Seven', classifier: seven };
    const rows = await transferMatrix([network('Grey', half, values), coloured, other], task);
    const none = { compared: 0, fooled: 0, rate: undefined };
    expect(rows[0]![1]).toEqual({ ...none, notes: [expect.stringMatching(/1 and 3 channels/)] });
    expect(rows[1]![2]).toMatchObject({
      ...none,
      notes: [expect.stringMatching(/numbers of them/)],
    });
    const fewer = { ...coloured, images: pictures.slice(1), labels: labels.slice(1) };
    await expect(transferMatrix([coloured, fewer], task)).rejects.toThrow(
      /same pictures for all networks, got 4 for Colour and 3 for Colour/,
    );
    await random.dispose();
    await seven.dispose();
  });

  it('tells how far it is, and stops when it is told to', async () => {
    const networks = [network('A', border(0.5), values), network('B', border(0.62), values)];
    const seen: (readonly [number, number])[] = [];
    await transferMatrix(networks, {
      ...task,
      onProgress: ({ done, total, rows }) => void seen.push([done / total, rows.length]),
    });
    expect(seen).toEqual([
      [0.25, 0],
      [0.5, 1],
      [0.75, 1],
      [1, 2],
    ]);
    const stop = new Error('stop');
    const onProgress = (): never => {
      throw stop;
    };
    await expect(transferMatrix(networks, { ...task, onProgress })).rejects.toBe(stop);
  });
});

/** A number up to rounding. */
function near(value: number): number {
  return expect.closeTo(value, 6) as number;
}
