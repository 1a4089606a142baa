import { float32, GraphBuilder, type Graph, type TensorData } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { native, numbers } from '../../core/test/support/run.js';
import {
  oneHot,
  Trainer,
  trainingStep,
  type LossSettings,
  type StepOptions,
} from '../src/index.js';

const tensor = (shape: readonly number[], seed: number, scale = 1): TensorData<'float32'> => {
  const count = shape.reduce((a, b) => a * b, 1);
  return float32(
    numbers(count, seed).map((v) => v * scale),
    shape,
  );
};

/** Convolution, dropout, dense layer; a softmax at its end on wish. */
function network(ends: 'scores' | 'softmax' = 'scores', ratio = 0): Graph {
  const b = new GraphBuilder({ name: 'small' });
  const x = b.input('x', ['N', 1, 6, 6]);
  const filters = [
    b.weight('conv.weight', tensor([3, 1, 3, 3], 1, 0.5)),
    b.weight('conv.bias', tensor([3], 2)),
  ];
  const relu = b.emit('Tanh', [b.emit('Conv', [x, ...filters])]);
  const kept = b.emit('Dropout', [relu], { ratio });
  const dense = [
    b.weight('fc.weight', tensor([4, 48], 3, 0.3)),
    b.weight('fc.bias', tensor([4], 4)),
  ];
  const scores = b.emit('Gemm', [b.emit('Flatten', [kept]), ...dense], { transB: 1 });
  b.output(ends === 'softmax' ? b.emit('Softmax', [scores], { axis: 1 }) : scores, 'y');
  return b.finish();
}

const BATCH = 5;
const images = (seed: number): TensorData => tensor([BATCH, 1, 6, 6], seed);
const targets = oneHot([0, 3, 1, 1, 2], 4);
const sgd: StepOptions = {
  ...{ batch: BATCH, loss: { kind: 'cross_entropy' }, optimizer: { kind: 'sgd', lr: 0.1 } },
};

const start = (options: Partial<StepOptions> & { seed?: number } = {}, graph = network()) =>
  Trainer.start(native, graph, { ...sgd, ...options });

/** A loss by its definition, in float64. */
function defined(
  { kind, smoothing = 0.1 }: LossSettings,
  z: readonly number[],
  t: readonly number[],
) {
  const most = Math.max(...z);
  const sum = z.reduce((all, v) => all + Math.exp(v - most), 0);
  const logarithms = z.map((v) => v - most - Math.log(sum));
  const entropy = (share: readonly number[]): number =>
    -logarithms.reduce((all, v, k) => all + share[k]! * v, 0);
  const sigmoid = z.map((v) => 1 / (1 + Math.exp(-v)));
  const mean = (each: readonly number[]): number => each.reduce((a, b) => a + b, 0) / z.length;
  return {
    cross_entropy: () => entropy(t),
    label_smoothing: () => entropy(t.map((v) => v * (1 - smoothing) + smoothing / z.length)),
    sigmoid_bce: () =>
      mean(sigmoid.map((p, k) => -t[k]! * Math.log(p) - (1 - t[k]!) * Math.log(1 - p))),
    mse: () => mean(z.map((v, k) => (v - t[k]!) ** 2)),
  }[kind]();
}

describe('a loss', () => {
  it.each<LossSettings>([
    { kind: 'cross_entropy' },
    { kind: 'label_smoothing', smoothing: 0.3 },
    { kind: 'sigmoid_bce' },
    { kind: 'mse' },
  ])('$kind is what it is defined as, and falls along its gradient', async (loss) => {
    const trainer = await start({ loss, optimizer: { kind: 'sgd', lr: 1e-3 } });
    const first = await trainer.step(images(9), targets);
    const rows = Array.from({ length: BATCH }, (_, i) => {
      const row = (of: TensorData) =>
        Array.from((of.data as Float32Array).subarray(4 * i, 4 * i + 4));
      return defined(loss, row(first.scores), row(targets));
    });
    expect(first.loss).toBeCloseTo(rows.reduce((a, b) => a + b, 0) / BATCH, 5);
    expect((await trainer.step(images(9), targets)).loss).toBeLessThan(first.loss);
    await trainer.dispose();
  });

  it('is taken before the softmax that a network ends with', async () => {
    const [with_, without] = [await start({}, network('softmax')), await start()];
    const [one, other] = [
      await with_.step(images(9), targets),
      await without.step(images(9), targets),
    ];
    expect(one.loss).toBe(other.loss);
    await Promise.all([with_.dispose(), without.dispose()]);
  });
});

describe('what learns', () => {
  it('is all weights, or those that are named; the others stay to the bit', async () => {
    const trainer = await start({ train: ['fc.weight', 'fc.bias'] });
    await trainer.step(images(9), targets);
    const after = (await trainer.network()).initializers;
    const before = network().initializers;
    expect(after.get('conv.weight')).toEqual(before.get('conv.weight'));
    expect(after.get('fc.weight')).not.toEqual(before.get('fc.weight'));
    await trainer.dispose();
  });

  it('is said where a name is none of the weights', () => {
    expect(() => trainingStep(network(), { ...sgd, train: ['fc.wight'] })).toThrow(
      /no weight "fc.wight" that can learn. It has conv.weight, conv.bias, fc.weight, fc.bias/,
    );
  });

  it('keeps the weights of each unit as short as it was told', async () => {
    const trainer = await start({ maxNorm: 0.4, optimizer: { kind: 'sgd', lr: 0.5 } });
    for (let i = 0; i < 3; i++) await trainer.step(images(9 + i), targets);
    const weights = await trainer.weights();
    for (const [name, units] of [
      ['conv.weight', 3],
      ['fc.weight', 4],
    ] as const) {
      const data = weights[name]!.data as Float32Array;
      const each = data.length / units;
      for (let unit = 0; unit < units; unit++) {
        expect(Math.hypot(...data.subarray(unit * each, (unit + 1) * each))).toBeLessThan(0.4001);
      }
    }
    // Biases are no unit's weights.
    expect(Math.hypot(...(weights['fc.bias']!.data as Float32Array))).toBeGreaterThan(0.4);
    await trainer.dispose();
  });
});

describe('a checkpoint', () => {
  it('is where training goes on, to the bit, optimiser and dropout too', async () => {
    const options = { optimizer: { kind: 'adam', lr: 0.01 }, seed: 5 } as const;
    const trainer = await start(options, network('scores', 0.5));
    for (let i = 0; i < 3; i++) await trainer.step(images(i), targets);
    const kept = await trainer.checkpoint();
    const onwards = [
      await trainer.step(images(3), targets),
      await trainer.step(images(4), targets),
    ];
    const another = await start(options, network('scores', 0.5));
    await another.restore(kept);
    expect(another.done).toBe(3);
    expect([
      await another.step(images(3), targets),
      await another.step(images(4), targets),
    ]).toEqual(onwards);
    expect(await another.weights()).toEqual(await trainer.weights());
    await Promise.all([trainer.dispose(), another.dispose()]);
  });

  it('of another optimiser is refused, and what was learnt stays', async () => {
    const [adam, plain] = [await start({ optimizer: { kind: 'adam' } }), await start()];
    await plain.step(images(1), targets);
    const before = await plain.weights();
    await expect(plain.restore(await adam.checkpoint())).rejects.toMatchObject({
      code: 'E_VALUE_UNKNOWN',
    });
    expect(await plain.weights()).toEqual(before);
    await Promise.all([adam.dispose(), plain.dispose()]);
  });
});

describe('dropout', () => {
  it('drops other values in other steps and with other seeds, the same with the same', async () => {
    const losses = async (seed: number): Promise<number[]> => {
      const trainer = await start(
        { seed, optimizer: { kind: 'sgd', lr: 0 } },
        network('scores', 0.5),
      );
      const found = [
        await trainer.step(images(1), targets),
        await trainer.step(images(1), targets),
      ];
      await trainer.dispose();
      return found.map(({ loss }) => loss);
    };
    const [first, second] = await losses(1);
    expect(first).not.toBe(second);
    expect(await losses(1)).toEqual([first, second]);
    expect(await losses(2)).not.toEqual([first, second]);
  });
});

describe('a batch', () => {
  it('of another size is refused, and costs no step', async () => {
    const trainer = await start();
    await expect(trainer.step(tensor([4, 1, 6, 6], 1), targets)).rejects.toThrow(
      /takes "x" of \[5, 1, 6, 6\], got \[4, 1, 6, 6\]/,
    );
    expect(trainer.done).toBe(0);
    await trainer.dispose();
  });

  it('has classes that the network knows', () => {
    expect(() => oneHot([0, 4], 4)).toThrow(/from 0 to 3, got 4 for image 1/);
  });
});
