import { describeNetwork } from '@convlens/adapters';
import { buildVgg } from '@convlens/adapters/builders';
import { differentiate, objective } from '@convlens/autodiff';
import { elementCount, float32, GraphBuilder, type Graph, type Node } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import {
  GPU_TRAITS,
  operandsOf,
  OWN_WASM_TRAITS,
  planGraph,
  schedule,
  WASM_TRAITS,
} from '../src/index.js';
import { noise, relativeError } from './support/errors.js';
import { executorWith, tf } from './support/wasm.js';

const executor = await executorWith('fused');

const network = describeNetwork(
  buildVgg({ depth: 11, batch: 1, fold: true, inputSize: 64, width: 0.25, classes: 10, seed: 4 }),
);
const { name: image, shape } = network.input;

function gradient(): Graph {
  const aim = objective(network.graph, [
    { kind: 'channel', layer: network.logits!.value, channel: 3 },
  ]);
  return differentiate(aim.graph, { of: aim.value, wrt: [image], pool: 'portable' }).graph;
}

const feeds = { [image]: float32(noise(elementCount(shape), 9), [1, ...shape]) };

const one = (op: string, inputs: Graph['inputs'], attributes: Node['attributes'] = {}): Graph => ({
  ...{ name: 'one', opset: 17, otherOpsets: {}, producer: 'test', inputs },
  outputs: [{ name: 'y', dtype: 'float32', shape: undefined }],
  nodes: [
    {
      name: 'the_node',
      op,
      domain: '',
      inputs: inputs.map((info) => info.name),
      outputs: ['y'],
      attributes,
    },
  ],
  ...{ initializers: new Map(), values: new Map(), metadata: new Map() },
});

describe('planning', () => {
  it('turns images only at the borders of a forward and a backward pass', () => {
    const plan = planGraph(gradient(), { runtime: 'tfjs-wasm', traits: WASM_TRAITS });
    const turns = plan.steps.filter(({ kernel, attributes }) => {
      const order = attributes.perm as number[] | undefined;
      return kernel === 'Transpose' && order?.length === 4;
    });
    // The image comes in and its gradient goes out; the classifier's rows are turned between.
    expect(turns.length).toBeLessThanOrEqual(4);
    const kernels = new Set(plan.steps.map(({ kernel }) => kernel));
    expect([...kernels].filter((kernel) => /Backprop|Grad/.test(kernel))).toEqual([]);
  });

  it('fuses bias and ReLU into the convolution', () => {
    const plan = planGraph(network.graph, { runtime: 'tfjs-wasm', traits: WASM_TRAITS });
    const steps = schedule(plan, [network.logits!.value]).map(({ step }) => step);
    const convolutions = steps.filter(({ kernel }) => kernel === 'FusedConv2D');
    expect(convolutions).toHaveLength(8);
    for (const { inputs, attributes } of convolutions) {
      expect(Object.keys(inputs)).toContain('bias');
      expect(attributes.activation).toBe('relu');
    }
    expect(steps.map(({ kernel }) => kernel)).not.toContain('Relu');
  });

  it('takes its own kernels where they are, Winograd’s filtering for 3 x 3 and a gate for ReLU’s derivative', () => {
    const plan = planGraph(gradient(), { runtime: 'tfjs-wasm', traits: OWN_WASM_TRAITS });
    const steps = schedule(
      plan,
      plan.outputs.map(({ name }) => name),
    );
    const count = (wanted: string): number =>
      steps.filter(({ step }) => step.kernel === wanted).length;
    // Forward and backward each; the first layer has three channels, backward it has three outputs.
    expect(count('ConvlensWinograd')).toBe(14);
    expect(count('ConvlensGate')).toBeGreaterThanOrEqual(8);
    expect(count('FusedConv2D')).toBe(0);
  });

  it('frees every register once, after it was read last', () => {
    const plan = planGraph(gradient(), { runtime: 'tfjs-webgl', traits: GPU_TRAITS });
    const steps = schedule(
      plan,
      plan.outputs.map(({ name }) => name),
    );
    const kept = new Set([...plan.literals, ...plan.outputs].map(({ register }) => register));
    const freed = new Set<number>();
    for (const { step, free } of steps) {
      for (const register of operandsOf(step)) expect(freed.has(register)).toBe(false);
      for (const register of free) {
        expect(kept.has(register)).toBe(false);
        freed.add(register);
      }
    }
    for (const { step } of steps) {
      expect(freed.has(step.output) || kept.has(step.output), step.kernel).toBe(true);
    }
  });

  it('computes only what the outputs that are wanted need', () => {
    const plan = planGraph(gradient(), { runtime: 'tfjs-wasm', traits: WASM_TRAITS });
    const [first] = plan.outputs;
    expect(schedule(plan, [first!.name]).length).toBeLessThan(
      schedule(
        plan,
        plan.outputs.map(({ name }) => name),
      ).length,
    );
  });

  it.each([
    ['Det', one('Det', [{ name: 'x', dtype: 'float32', shape: [1, 2, 2] }])],
    [
      'MaxPool',
      one('MaxPool', [{ name: 'x', dtype: 'float32', shape: [1, 2, 8, 8] }], {
        kernel_shape: { type: 'ints', value: [2, 2] },
        dilations: { type: 'ints', value: [2, 2] },
      }),
    ],
  ])('refuses %s before anything runs, with node and runtime', async (op, graph) => {
    const error: unknown = await executor.prepare(graph).catch((found: unknown) => found);
    expect(error).toMatchObject({ code: 'E_OP_UNSUPPORTED' });
    expect((error as Error).message).toContain('the_node');
    expect((error as Error).message).toContain(op);
    if (op === 'MaxPool') expect((error as Error).message).toContain('tfjs-wasm');
    expect(executor.refused(error)).toBe(true);
  });
});

describe('an average whose padding counts', () => {
  it.each([
    [{ auto_pad: 'SAME_UPPER' }, [1, 0.5, 0.5, 0.25]],
    [{ auto_pad: 'SAME_LOWER' }, [0.25, 0.5, 0.5, 1]],
    [{ pads: [0, 0, 1, 1] }, [1, 0.5, 0.5, 0.25]],
    // Windows that ceil_mode adds reach beyond what counts.
    [{ ceil_mode: 1 }, [1, 1, 1, 1]],
  ])('%o', async (padding, expected) => {
    const b = new GraphBuilder();
    const window = { kernel_shape: [2, 2], strides: [2, 2], count_include_pad: 1 };
    b.output(b.emit('AveragePool', [b.input('x', [1, 1, 3, 3])], { ...window, ...padding }), 'y');
    const program = await executor.prepare(b.finish());
    const { y } = await program.run({ x: float32(new Float32Array(9).fill(1), [1, 1, 3, 3]) });
    expect([...(y!.data as Float32Array)]).toEqual(expected);
    await program.dispose();
  });
});

describe('running', () => {
  it('leaves no tensor and no memory behind in 1,000 steps', async () => {
    const program = await executor.prepare(gradient());
    const before = tf.memory().numTensors;
    let [tensors, bytes] = [0, 0];
    for (let step = 1; step <= 1000; step++) {
      await program.run(feeds);
      if (step === 10) [tensors, bytes] = [tf.memory().numTensors, tf.memory().numBytes];
    }
    expect(tensors).toBe(before);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(tf.memory().numBytes).toBe(bytes);
    await program.dispose();
    expect(executor.sessions).toBe(0);
  });

  it('plans again for another batch', async () => {
    const open = describeNetwork(
      buildVgg({
        depth: 11,
        batch: 'N',
        fold: true,
        inputSize: 64,
        width: 0.25,
        classes: 10,
        seed: 4,
      }),
    );
    const { value } = open.logits!;
    const program = await executor.prepare(open.graph);
    const twice = float32(noise(2 * elementCount(shape), 9), [2, ...shape]);
    const both = (await program.run({ [open.input.name]: twice }, [value]))[value]!;
    expect(both.shape).toEqual([2, 10]);
    const single = float32(twice.data.slice(0, elementCount(shape)), [1, ...shape]);
    const alone = (await program.run({ [open.input.name]: single }, [value]))[value]!;
    const first = (both.data as Float32Array).subarray(0, 10);
    expect(relativeError(alone.data as Float32Array, first)).toBeLessThan(1e-5);
    await program.dispose();
  });
});
