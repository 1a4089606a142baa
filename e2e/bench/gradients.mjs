// Value and gradient against the same runtime's plain forward pass: one thread, 224 x 224, batch 1, networks built from
// seeds. Runs in Node, on the WASM build of ONNX Runtime that the browser loads.
import { describeNetwork } from '@convlens/adapters';
import { buildAlexNet, buildDenseNet, buildResNet, buildVgg } from '@convlens/adapters/builders';
import { differentiate, objective } from '@convlens/autodiff';
import { createNodeExecutor, createNodeWasmExecutor } from '@convlens/engine/node';
import { cut, float32, inferShapes } from '@convlens/onnx';
import { median, summary } from './statistics.mjs';

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

async function time(program, feeds, count) {
  const times = [];
  await program.run(feeds);
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    await program.run(feeds);
    times.push(performance.now() - began);
  }
  return times;
}

async function measure(executor, pool, { build, layer }, count) {
  const network = describeNetwork(build());
  const { value } = network.layers.find(({ id }) => id === layer);
  const input = network.input.name;
  const [channels, height, width] = network.input.shape;
  const x = Float32Array.from({ length: channels * height * width }, (_, i) => Math.sin(i * 0.37));
  const feeds = { [input]: float32(x, [1, channels, height, width]) };
  const forward = await executor.prepare(cut(network.graph, [value]));
  const plain = await time(forward, feeds, count);
  await forward.dispose();
  const began = performance.now();
  const shaped = inferShapes(cut(network.graph, [value]));
  const aim = objective(shaped, { kind: 'layer', value });
  const { graph } = differentiate(aim.graph, { of: aim.value, wrt: [input], pool });
  const compileMs = performance.now() - began;
  const backward = await executor.prepare(graph);
  const both = await time(backward, feeds, count);
  await backward.dispose();
  return {
    layer,
    nodes: graph.nodes.length,
    compileMs: Math.round(compileMs),
    forward: summary(plain),
    valueAndGradient: summary(both),
    ratio: Math.round((median(both) / median(plain)) * 100) / 100,
  };
}

/** Ratios of value and gradient to forward, by runtime and network. */
export async function gradientRatios(count = 3) {
  const runtimes = { 'ort-wasm': await createNodeWasmExecutor(), 'ort-node': createNodeExecutor() };
  const results = {};
  for (const [runtime, executor] of Object.entries(runtimes)) {
    results[runtime] = {};
    for (const [name, network] of Object.entries(NETWORKS)) {
      // The lowering of max-pooling that the engine takes on this runtime.
      const pool = runtime === 'ort-wasm' ? 'portable' : 'indices';
      results[runtime][name] = await measure(executor, pool, network, count);
    }
  }
  return {
    unit: 'ms',
    threads: 1,
    peakMemoryMB: Math.round(process.resourceUsage().maxRSS / 1000),
    results,
  };
}
