// Builds one network from seeds and measures it, in a process of its own:
//
//   node gradient-programs.mjs RUNTIME NETWORK times|memory-plain|memory-optimized [ROUNDS]
//
// One thread, 224 x 224, batch 1. Runs in Node, on the WASM build of ONNX Runtime that the browser loads or on the native
// one. The programs take turns, so that a machine that is busy for a while slows all of them down.
import { describeNetwork } from '@convlens/adapters';
import { buildAlexNet, buildDenseNet, buildResNet, buildVgg } from '@convlens/adapters/builders';
import { differentiate, objective } from '@convlens/autodiff';
import { createNodeExecutor, createNodeWasmExecutor } from '@convlens/engine/node';
import { cut, float32, inferShapes } from '@convlens/onnx';
import {
  NODE_POLICY,
  optimize,
  tune,
  tunedPolicy,
  UNCHANGED,
  WASM_POLICY,
} from '@convlens/optimizer';
import { pageExecutor } from './page-runtime.mjs';
import { ratio, summary } from './statistics.mjs';
import { tensorflowPrograms } from './tfjs.mjs';

const NETWORKS = {
  alexnet: { build: () => buildAlexNet({ batch: 1, fold: true }), layer: 'fc8' },
  vgg16: { build: () => buildVgg({ depth: 16, batch: 1, fold: true }), layer: 'relu4_3' },
  resnet18: { build: () => buildResNet({ depth: 18, batch: 1, fold: true }), layer: 'fc' },
  resnet50: { build: () => buildResNet({ depth: 50, batch: 1, fold: true }), layer: 'fc' },
  densenet121: {
    build: () => buildDenseNet({ depth: 121, batch: 1, fold: true }),
    layer: 'classifier',
  },
};

const [, , runtime, name, what, rounds = '5'] = process.argv;
const wasm = runtime === 'ort-wasm';
const { build, layer } = NETWORKS[name];
const network = describeNetwork(build());
const { value } = network.layers.find(({ id }) => id === layer);
const image = network.input.name;
const [channels, height, width] = network.input.shape;
const x = Float32Array.from({ length: channels * height * width }, (_, i) => Math.sin(i * 0.37));
const feeds = { [image]: float32(x, [1, channels, height, width]) };
const forward = inferShapes(cut(network.graph, [value]));

function gradient() {
  const aim = objective(forward, [{ kind: 'layer', layer: value }]);
  // The lowering of max-pooling that the engine takes on this runtime.
  const pool = wasm ? 'portable' : 'indices';
  return differentiate(aim.graph, { of: aim.value, wrt: [image], pool }).graph;
}

async function timed(run) {
  const began = performance.now();
  const result = await run();
  return [performance.now() - began, result];
}

const policy = wasm ? WASM_POLICY : NODE_POLICY;
const plain = { policy: UNCHANGED };
const executor = wasm ? await createNodeWasmExecutor(plain) : createNodeExecutor(plain);

async function memory(optimized) {
  const graph = gradient();
  const program = await executor.prepare(optimized ? optimize(graph, { policy }) : graph);
  await program.run(feeds);
  return { peakMemoryMB: Math.round(process.resourceUsage().maxRSS / 1000) };
}

async function times() {
  const [differentiateMs, graph] = await timed(gradient);
  const graphs = { forward, valueAndGradient: graph };
  const compile = { differentiateMs };
  graphs.forwardOptimized = optimize(forward, { policy });
  [compile.optimizeMs, graphs.valueAndGradientOptimized] = await timed(() =>
    optimize(graph, { policy }),
  );
  // As the engine does while it rests, with time for all.
  const forms = new Map();
  const target = { prepare: (each) => executor.prepare(each), now: () => performance.now() };
  const budget = { budgetMs: 60_000, otherwise: policy };
  [compile.tuneMs] = await timed(() => tune(graph, target, forms, budget));
  graphs.valueAndGradientTuned = optimize(graph, { policy: tunedPolicy(forms, policy) });
  const runs = {};
  for (const [key, each] of Object.entries(graphs)) {
    const [ms, program] = await timed(() => executor.prepare(each));
    compile[`${key}LoadMs`] = ms;
    runs[key] = () => program.run(feeds);
  }
  if (wasm) {
    // The other library that may run on WASM; the better of the two is what a person can have.
    const program = await (await pageExecutor()).prepare(graph);
    runs.valueAndGradientTfjs = () => program.run(feeds);
  }
  if (wasm && name === 'vgg16') {
    const tensorflow = await tensorflowPrograms();
    runs.tensorflowForward = tensorflow.forward;
    runs.tensorflowValueAndGradient = tensorflow.valueAndGradient;
  }
  const taken = Object.fromEntries(Object.keys(runs).map((key) => [key, []]));
  for (let round = 0; round <= Number(rounds); round++) {
    for (const [key, run] of Object.entries(runs)) {
      const [ms] = await timed(run);
      // The first round warms up.
      if (round > 0) taken[key].push(ms);
    }
  }
  const others = Object.keys(runs).filter((key) => key !== 'forward');
  const better = ['valueAndGradientOptimized', 'valueAndGradientTuned', 'valueAndGradientTfjs']
    .filter((key) => taken[key])
    .map((key) => ({ key, ratio: ratio(taken[key], taken.forward) }))
    .reduce((best, each) => (each.ratio.median < best.ratio.median ? each : best));
  return {
    layer,
    nodes: graph.nodes.length,
    compileMs: Object.fromEntries(Object.entries(compile).map(([k, ms]) => [k, Math.round(ms)])),
    ms: Object.fromEntries(Object.entries(taken).map(([key, list]) => [key, summary(list)])),
    better: { program: better.key, overForward: better.ratio },
    overForward: Object.fromEntries(others.map((key) => [key, ratio(taken[key], taken.forward)])),
    ...(taken.tensorflowValueAndGradient
      ? { tensorflowOverOurs: ratio(taken.tensorflowValueAndGradient, taken[better.key]) }
      : {}),
  };
}

const result = what === 'times' ? await times() : await memory(what === 'memory-optimized');
process.stdout.write(JSON.stringify(result));
