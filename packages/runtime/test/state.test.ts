import { float32, LensError, type Graph, type Node, type TensorData } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { prepare, weightsOf, type Executor, type Tensors } from '../src/index.js';

const node = (op: string, inputs: string[], output: string): Node => ({
  ...{ name: output, op, domain: '', inputs, outputs: [output], attributes: {} },
});
const info = (name: string, shape: readonly number[]) => ({
  ...{ name, dtype: 'float32' as const, shape },
});
const vector = (...numbers: number[]): TensorData =>
  float32(Float32Array.from(numbers), [numbers.length]);

/** y = w x; w_next = w + y; n_next = n + step. */
const graph: Graph = {
  ...{
    name: 'g',
    opset: 17,
    otherOpsets: {},
    metadata: new Map(),
    producer: '',
    values: new Map(),
  },
  inputs: [info('x', [2]), info('n', [1])],
  outputs: [info('y', [2]), info('w_next', [2]), info('n_next', [1])],
  nodes: [
    node('Mul', ['w', 'x'], 'y'),
    node('Add', ['w', 'y'], 'w_next'),
    node('Add', ['n', 'step'], 'n_next'),
  ],
  initializers: new Map([
    ['w', vector(1, 2)],
    ['step', vector(1)],
  ]),
};
const carry = { w: 'w_next', n: 'n_next' };

/** Computes the graph above in JavaScript; fails when it is fed a NaN. */
function fake(): Executor & { readonly log: string[] } {
  const log: string[] = [];
  return {
    log,
    prepare({ inputs, initializers }) {
      log.push(
        `prepare ${inputs.map(({ name }) => name).join()} ${[...initializers.keys()].join()}`,
      );
      const run = async (feeds: Tensors, wanted: readonly string[] = []) => {
        const at = (name: string) => (feeds[name] ?? initializers.get(name)!).data as Float32Array;
        // Later calls must wait for this one.
        await new Promise((resolve) => setTimeout(resolve, at('x')[0]));
        if (Number.isNaN(at('x')[1])) throw new LensError('E_RUN', 'failed');
        const y = at('w').map((w, i) => w * at('x')[i]!);
        const results: Record<string, TensorData> = {
          y: vector(...y),
          w_next: vector(...at('w').map((w, i) => w + y[i]!)),
          n_next: vector(at('n')[0]! + at('step')[0]!),
        };
        return Object.fromEntries(wanted.map((name) => [name, results[name]!]));
      };
      return Promise.resolve({
        run,
        dispose: () => {
          log.push('dispose');
          return Promise.resolve();
        },
      });
    },
  };
}

const numbers = ({ data }: TensorData): number[] => Array.from(data as Float32Array);

describe('a program with state, on an executor that knows nothing of it', () => {
  it('hands what a run computes to the next one, and gives the rest to the caller', async () => {
    const executor = fake();
    const program = await prepare(executor, graph, { carry });
    expect(executor.log).toEqual(['prepare x,w,n step']);
    await program.write({ n: vector(0) });
    const first = await program.run({ x: vector(1, 1) });
    expect(Object.keys(first)).toEqual(['y']);
    expect(numbers(first.y!)).toEqual([1, 2]);
    expect(numbers((await program.run({ x: vector(1, 1) })).y!)).toEqual([2, 4]);
    const { w, n } = await program.read();
    expect([numbers(w!), numbers(n!)]).toEqual([[4, 8], [2]]);
    await program.dispose();
    expect(executor.log.at(-1)).toBe('dispose');
  });

  it('gives what is carried to a caller who asks, who may change it', async () => {
    const program = await prepare(fake(), graph, { carry });
    await program.write({ n: vector(0) });
    const { w_next: next } = await program.run({ x: vector(1, 1) }, ['w_next']);
    (next!.data as Float32Array).fill(9);
    const { w } = await program.read(['w']);
    expect(numbers(w!)).toEqual([2, 4]);
    (w!.data as Float32Array).fill(9);
    expect(numbers((await program.read(['w'])).w!)).toEqual([2, 4]);
  });

  it('keeps the state of before when a run fails', async () => {
    const program = await prepare(fake(), graph, { carry });
    await program.write({ n: vector(5) });
    await expect(program.run({ x: vector(1, NaN) })).rejects.toMatchObject({ code: 'E_RUN' });
    const { w, n } = await program.read();
    expect([numbers(w!), numbers(n!)]).toEqual([[1, 2], [5]]);
  });

  it('takes calls in the order in which they are made', async () => {
    const program = await prepare(fake(), graph, { carry });
    const written = vector(0);
    const calls = [
      program.write({ n: written }),
      program.run({ x: vector(20, 1) }),
      program.read(['n']),
      program.write({ w: vector(3, 3), n: vector(7) }),
      program.run({ x: vector(1, 1) }),
      program.read(),
      program.dispose(),
    ] as const;
    // What was written is the caller's again.
    (written.data as Float32Array).fill(0);
    const [, , one, , two, state] = await Promise.all(calls);
    expect(numbers(one.n!)).toEqual([1]);
    expect(numbers(two.y!)).toEqual([3, 3]);
    expect([numbers(state.w!), numbers(state.n!)]).toEqual([[6, 6], [8]]);
    await expect(program.run({ x: vector(1, 1) })).rejects.toMatchObject({ code: 'E_RUN' });
  });

  it('replaces weights that are inputs, all or none', async () => {
    const program = await prepare(fake(), graph, { weights: ['w'], carry: { n: 'n_next' } });
    await program.write({ n: vector(0) });
    expect(numbers((await program.run({ x: vector(1, 1) }, ['y'])).y!)).toEqual([1, 2]);
    await program.write({ w: vector(5, 5) });
    const wrong = program.write({ w: vector(6, 6), n: vector(1, 2) });
    await expect(wrong).rejects.toMatchObject({ code: 'E_SHAPE' });
    expect(numbers((await program.run({ x: vector(1, 1) }, ['y'])).y!)).toEqual([5, 5]);
  });

  it('says what cannot be', async () => {
    const bad = (options: Parameters<typeof prepare>[2]) => prepare(fake(), graph, options);
    const code = (code: string) => ({ code });
    await expect(bad({ weights: ['x'] })).rejects.toMatchObject(code('E_VALUE_UNKNOWN'));
    await expect(bad({ carry: { w: 'z' } })).rejects.toMatchObject(code('E_VALUE_UNKNOWN'));
    await expect(bad({ carry: { q: 'y' } })).rejects.toMatchObject(code('E_VALUE_UNKNOWN'));
    await expect(bad({ carry: { w: 'n_next' } })).rejects.toMatchObject(code('E_SHAPE'));
    const program = await bad({ carry });
    const x = vector(1, 1);
    await expect(program.run({ x })).rejects.toMatchObject(code('E_ARGUMENT'));
    await expect(program.read(['n'])).rejects.toMatchObject(code('E_ARGUMENT'));
    await expect(program.read(['x'])).rejects.toMatchObject(code('E_VALUE_UNKNOWN'));
    await program.write({ n: vector(0) });
    await expect(program.run({ x, w: x })).rejects.toMatchObject(code('E_ARGUMENT'));
  });
});

it('takes for weights what a network multiplies and adds, and no bounds', () => {
  expect(weightsOf(graph)).toEqual(['w']);
});
