// onnxruntime-node against PyTorch on the CPU, one thread: value and gradient, in turn.
//
//   node e2e/bench/pytorch.mjs [--rounds N] [--python PROGRAM]
//
// Needs python3 with torch and torchvision, such as Debian's python3-torchvision; part of no test.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeNetwork } from '@convlens/adapters';
import { buildAlexNet, buildDenseNet, buildResNet, buildVgg } from '@convlens/adapters/builders';
import { differentiate, objective } from '@convlens/autodiff';
import { createNodeExecutor } from '@convlens/engine/node';
import { cut, float32, inferShapes } from '@convlens/onnx';
import { NODE_POLICY, optimize, tune, tunedPolicy, UNCHANGED } from '@convlens/optimizer';
import { ratio, summary } from './statistics.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    python: { type: 'string', default: 'python3' },
  },
});

const NETWORKS = {
  vgg16: { build: () => buildVgg({ depth: 16, batch: 1, fold: true }), layer: 'relu4_3' },
  densenet121: {
    build: () => buildDenseNet({ depth: 121, batch: 1, fold: true }),
    layer: 'classifier',
  },
  alexnet: { build: () => buildAlexNet({ batch: 1, fold: true }), layer: 'fc8' },
  resnet18: { build: () => buildResNet({ depth: 18, batch: 1, fold: true }), layer: 'fc' },
};

async function python(name) {
  const script = fileURLToPath(new URL('pytorch.py', import.meta.url));
  const child = spawn(values.python, [script, name], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${values.python} ended; it needs torch and torchvision.`);
    return value;
  };
  const version = (await next()).split(' ')[1];
  return {
    version,
    step: async () => {
      child.stdin.write('go\n');
      return Number(await next());
    },
    end: () => child.stdin.end(),
  };
}

async function ours({ build, layer }) {
  const network = describeNetwork(build());
  const { value } = network.layers.find(({ id }) => id === layer);
  const image = network.input.name;
  const aim = objective(inferShapes(cut(network.graph, [value])), [
    { kind: 'layer', layer: value },
  ]);
  const { graph } = differentiate(aim.graph, { of: aim.value, wrt: [image], pool: 'indices' });
  const executor = createNodeExecutor({ policy: UNCHANGED });
  const forms = new Map();
  const target = { prepare: (each) => executor.prepare(each), now: () => performance.now() };
  await tune(graph, target, forms, { budgetMs: 60_000, otherwise: NODE_POLICY });
  const program = await executor.prepare(
    optimize(graph, { policy: tunedPolicy(forms, NODE_POLICY) }),
  );
  const [channels, height, width] = network.input.shape;
  const x = Float32Array.from({ length: channels * height * width }, (_, i) => Math.sin(i * 0.37));
  const feeds = { [image]: float32(x, [1, channels, height, width]) };
  const step = async () => {
    const began = performance.now();
    await program.run(feeds);
    return performance.now() - began;
  };
  await step();
  return { step, end: () => program.dispose() };
}

const results = {};
for (const [name, network] of Object.entries(NETWORKS)) {
  const [torch, mine] = [await python(name), await ours(network)];
  const times = { torch: [], ours: [] };
  for (let round = 0; round < Number(values.rounds); round++) {
    times.torch.push(await torch.step());
    times.ours.push(await mine.step());
  }
  torch.end();
  await mine.end();
  results[name] = {
    torch: torch.version,
    ms: { torch: summary(times.torch), ours: summary(times.ours) },
    oursOverTorch: ratio(times.ours, times.torch),
  };
  console.error(name, JSON.stringify(results[name].oursOverTorch));
}
console.log(JSON.stringify({ unit: 'ms', threads: 1, results }, null, 2));
