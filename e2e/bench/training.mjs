// A step of training against PyTorch on the CPU, one thread, batch 128: forward and backward with respect to all weights, in turn.
// Ours changes the weights too (SGD), which stay with the runtime; PyTorch's stay what they are.
//
//   node e2e/bench/training.mjs [--rounds N] [--python PROGRAM] [--networks a,b] [--runtimes a,b]
//
// Without a python3 that has torch there are only our own times. Part of `npm run bench`, and of no test.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { differentiate } from '@convlens/autodiff';
import { createNodeExecutor, createNodeWasmExecutor } from '@convlens/engine/node';
import { float32, GraphBuilder } from '@convlens/onnx';
import { prepare } from '@convlens/runtime';
import { pageExecutor } from './page-runtime.mjs';
import { ratio, summary } from './statistics.mjs';

/** Images in a batch. */
const BATCH = 128;
process.env.OMP_NUM_THREADS = '1';

/** Channels of convolutions, 'pool', widths of dense layers. */
const NETWORKS = {
  digits: { input: [1, 28, 28], layers: ['conv 32', 'pool', 'conv 64', 'pool', 'dense 10'] },
  bonaccorso: {
    input: [3, 32, 32],
    layers: [
      ...['conv 32', 'conv 64', 'pool', 'conv 128', 'pool', 'conv 128', 'pool'],
      ...['dense 1024', 'dense 10'],
    ],
  },
};

const RUNTIMES = {
  'onnxruntime-node': () => createNodeExecutor(),
  'ort-wasm': () => createNodeWasmExecutor(),
  'tfjs-wasm': () => pageExecutor(),
};

function noise(count, scale) {
  return Float32Array.from({ length: count }, (_, i) => {
    const mixed = Math.sin(12.9898 * (i + 1)) * 43758.5453;
    return scale * (2 * (mixed - Math.floor(mixed)) - 1);
  });
}

/** Loss of a network whose weights are initialisers. */
function lossOf({ input, layers }) {
  const builder = new GraphBuilder({ name: 'net' });
  const emit = (op, inputs, attributes) => builder.emit(op, inputs, attributes);
  const weight = (name, shape) => {
    const count = shape.reduce((a, b) => a * b);
    return builder.weight(name, float32(noise(count, 1 / Math.sqrt(count / shape[0])), shape));
  };
  let [channels, side] = input;
  let value = builder.input('x', [BATCH, ...input]);
  layers.forEach((layer, i) => {
    const [kind, size] = layer.split(' ');
    const width = Number(size);
    if (kind === 'pool') {
      value = emit('MaxPool', [value], { kernel_shape: [2, 2], strides: [2, 2] });
      side = Math.floor(side / 2);
      return;
    }
    if (kind === 'conv') {
      const [w, b] = [weight(`w${i}`, [width, channels, 3, 3]), weight(`b${i}`, [width])];
      value = emit('Relu', [emit('Conv', [value, w, b])]);
      [channels, side] = [width, side - 2];
      return;
    }
    if (side > 0) {
      value = emit('Flatten', [value]);
      [channels, side] = [channels * side * side, 0];
    }
    const [w, b] = [weight(`w${i}`, [width, channels]), weight(`b${i}`, [width])];
    value = emit('Gemm', [value, w, b], { transB: 1 });
    if (i < layers.length - 1) value = emit('Relu', [value]);
    channels = width;
  });
  const classes = builder.input('t', [BATCH], 'int64');
  return builder.finish(builder.emitAll('SoftmaxCrossEntropyLoss', [value, classes], ['loss']));
}

/** The same with gradients, and weights that follow them. */
function stepOf(network, pool) {
  const graph = lossOf(network);
  const wrt = [...graph.initializers.keys()];
  const made = differentiate(graph, { of: 'loss', wrt, weights: 'inputs', pool });
  const builder = new GraphBuilder(made.graph, { scope: 'update' });
  const carry = {};
  for (const name of wrt) {
    const move = builder.emit('Mul', [made.gradients[name], 1e-6]);
    carry[name] = builder.emit('Sub', [name, move], {}, `next_${name}`);
  }
  const whole = builder.finish(['loss', ...Object.values(carry)]);
  return { graph: whole, carry, weights: Object.fromEntries(graph.initializers) };
}

async function ours(network, runtime) {
  const pool = runtime === 'onnxruntime-node' ? 'indices' : 'portable';
  const { graph, carry, weights } = stepOf(network, pool);
  const program = await prepare(await RUNTIMES[runtime](), graph, { carry });
  await program.write(weights);
  const shape = [BATCH, ...network.input];
  const count = shape.reduce((a, b) => a * b);
  const feeds = {
    x: float32(noise(count, 1), shape),
    t: {
      ...{ dtype: 'int64', shape: [BATCH] },
      data: BigInt64Array.from({ length: BATCH }, (_, i) => BigInt(i % 10)),
    },
  };
  const step = async () => {
    const began = performance.now();
    await program.run(feeds);
    return performance.now() - began;
  };
  await step();
  return { step, end: () => program.dispose() };
}

/** PyTorch in a process of its own; `undefined` where there is none. */
async function python(name, program) {
  const script = fileURLToPath(new URL('training.py', import.meta.url));
  const child = spawn(program, [script, name, String(BATCH)], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    return done ? undefined : value;
  };
  const greeting = await next();
  if (greeting === undefined) return undefined;
  const version = greeting.split(' ')[1];
  return {
    version,
    step: async () => {
      child.stdin.write('go\n');
      return Number(await next());
    },
    end: () => child.stdin.end(),
  };
}

/**
 * Milliseconds of a step, and ratios to PyTorch's where there is one, taken in turn.
 *
 * @param options rounds, python's name, networks and runtimes; all by default
 */
export async function training({
  rounds = 7,
  program = 'python3',
  networks = Object.keys(NETWORKS),
  runtimes = Object.keys(RUNTIMES),
} = {}) {
  const results = { unit: 'ms', threads: 1, batch: BATCH };
  for (const name of networks) {
    const torch = await python(name, program);
    const contenders = {};
    for (const runtime of runtimes) contenders[runtime] = await ours(NETWORKS[name], runtime);
    const all = { ...(torch && { torch }), ...contenders };
    const times = Object.fromEntries(Object.keys(all).map((who) => [who, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [who, { step }] of Object.entries(all)) times[who].push(await step());
    }
    for (const { end } of Object.values(all)) await end();
    results[name] = {
      torch: torch ? torch.version : `none: ${program} has no torch`,
      ms: Object.fromEntries(Object.entries(times).map(([who, list]) => [who, summary(list)])),
      ...(torch && {
        oursOverTorch: Object.fromEntries(
          runtimes.map((who) => [who, ratio(times[who], times.torch)]),
        ),
      }),
    };
  }
  return results;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      networks: { type: 'string' },
      python: { type: 'string', default: 'python3' },
      rounds: { type: 'string', default: '7' },
      runtimes: { type: 'string' },
    },
  });
  const results = await training({
    rounds: Number(values.rounds),
    program: values.python,
    networks: values.networks?.split(','),
    runtimes: values.runtimes?.split(','),
  });
  console.log(JSON.stringify(results, null, 2));
}
