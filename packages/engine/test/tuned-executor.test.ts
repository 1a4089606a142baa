import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildVgg } from '@convlens/adapters/builders';
import { describeNetwork } from '@convlens/adapters';
import { float32, type Graph, type TensorData } from '@convlens/onnx';
import { shapeKey, tunableShapes, UNCHANGED, WASM_POLICY, type Form } from '@convlens/optimizer';
import { createNodeExecutor } from '../src/node/index.js';
import { TunedExecutor, type FormStore } from '../src/worker/tuned-executor.js';

const network = describeNetwork(buildVgg({ depth: 11, width: 1 / 16, inputSize: 32 }));
const { graph } = network;
const feeds = {
  [network.input.name]: float32(new Float32Array(3 * 32 * 32).fill(0.5), [1, 3, 32, 32]),
};
const shapes = tunableShapes(graph).map(shapeKey);

/** What is kept, and how often it was. */
function keeping(
  before: Record<string, Form> = {},
): FormStore & { forms: Record<string, Form>; saves: number } {
  const self = {
    forms: before,
    saves: 0,
    load: () => Promise.resolve(self.forms),
    save: (forms: Readonly<Record<string, Form>>) => {
      self.forms = { ...forms };
      self.saves++;
      return Promise.resolve();
    },
  };
  return self;
}

/** The runtime, and the graphs that it was given. */
function watched(): {
  readonly executor: ReturnType<typeof createNodeExecutor>;
  readonly graphs: Graph[];
} {
  const executor = createNodeExecutor({ policy: UNCHANGED });
  const graphs: Graph[] = [];
  const prepare = executor.prepare.bind(executor);
  executor.prepare = (graph) => {
    graphs.push(graph);
    return prepare(graph);
  };
  return { executor, graphs };
}

/** The clock of the rests is the test's; the runtime goes on in its own time. */
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Waits, and lets the clock go on meanwhile. */
const until = (condition: () => boolean): Promise<void> =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 60_000, interval: 25 });

describe('tuning in the background', () => {
  it('finds and keeps a form for every convolution while it rests, and the answers stay the same', async () => {
    const kept = keeping();
    const { executor } = watched();
    const tuned = new TunedExecutor(executor, WASM_POLICY, kept, { idleMs: 10, budgetMs: 60_000 });
    const program = await tuned.prepare(graph);
    const before = await program.run(feeds);
    await until(() => Object.keys(kept.forms).length === shapes.length);
    expect(Object.keys(kept.forms).sort()).toEqual([...shapes].sort());
    expect(tuned.sessions).toBe(1);
    const again = await tuned.prepare(graph);
    const after = await again.run(feeds);
    const [name] = Object.keys(before) as [string];
    const [x, y] = [before, after].map((outputs) => (outputs[name] as TensorData<'float32'>).data);
    y!.forEach((value, i) => {
      expect(Math.abs(value - x![i]!)).toBeLessThan(1e-4 * Math.max(...x!.map(Math.abs)));
    });
    await program.dispose();
    await again.dispose();
    expect([tuned.sessions, executor.sessions]).toEqual([0, 0]);
  });

  it('uses what was kept on an earlier visit, without measuring', async () => {
    const { executor, graphs } = watched();
    const forms = Object.fromEntries(
      shapes.map((key): [string, Form] => [key, { kind: 'direct' }]),
    );
    const kept = keeping(forms);
    const tuned = new TunedExecutor(executor, WASM_POLICY, kept, { idleMs: 5, budgetMs: 60_000 });
    const program = await tuned.prepare(graph);
    expect(graphs).toEqual([graph]);
    await program.run(feeds);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([graphs.length, kept.saves]).toEqual([1, 0]);
  });

  it('waits while something is asked, and spends no more than its budget', async () => {
    const kept = keeping();
    const { executor, graphs } = watched();
    const tuned = new TunedExecutor(executor, WASM_POLICY, kept, { idleMs: 2000, budgetMs: 1 });
    const program = await tuned.prepare(graph);
    for (let i = 0; i < 20; i++) await program.run(feeds);
    expect(graphs.length).toBe(1);
    await until(() => kept.saves === 1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(kept.saves).toBe(1);
  });
});
