// What attacks cost besides the gradient, what batches save, and how long a robustness curve takes, on the arithmetic of the
// browser: the embedded ResNet-18 on one WASM thread.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeNetwork } from '@convlens/adapters';
import { differentiate, objective } from '@convlens/autodiff';
import { attack, NetworkClassifier, planesOf, robustnessCurves, topClass } from '@convlens/core';
import { renderSample, sampleScenes } from '@convlens/data/samples';
import { cut, float32, inferShapes, read } from '@convlens/onnx';
import { pageExecutor } from './page-runtime.mjs';
import { ratio, summary } from './statistics.mjs';

/** The lowering of max-pooling that the engine takes on this runtime. */
const POOL = 'portable';

function embedded(id) {
  const folder = new URL('../../models/', import.meta.url);
  const file = (name) => readFileSync(fileURLToPath(new URL(name, folder)));
  const { networks } = JSON.parse(file('manifest.json').toString());
  const { preprocessing } = networks.find((entry) => entry.id === id);
  return describeNetwork(read(file(`${id}.onnx`)), { preprocessing });
}

/** The sample pictures, and again mirrored, as many as asked for. */
function pictures(count, size) {
  const plain = sampleScenes.map(({ id }) => planesOf(renderSample(id, size), 3));
  const mirrored = plain.map((image) =>
    image.map((_, i) => image[i - (i % size) + (size - 1 - (i % size))]),
  );
  return [...plain, ...mirrored].slice(0, count);
}

async function timed(run) {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

/** Value and gradient of a layer's objective for a batch of images, and nothing else. */
async function plainGradient(network, executor, batch) {
  const { value } = network.logits;
  const forward = inferShapes(cut(network.graph, [value]));
  const aim = objective(forward, [{ kind: 'layer', layer: value }]);
  const { graph } = differentiate(aim.graph, {
    ...{ of: aim.value, wrt: [network.input.name], pool: POOL },
    ...(batch > 1 && { batch }),
  });
  const program = await executor.prepare(graph);
  const shape = [batch, ...network.input.shape];
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i));
  return () => program.run({ [network.input.name]: float32(data, shape) });
}

/** A step of PGD over a run of the gradient, one image each; and steps of images as one batch over each by itself. */
async function steps(network, executor, rounds) {
  const classifier = new NetworkClassifier(network, executor, POOL);
  const [images, each] = [pictures(16, network.input.shape[1]), 10];
  const labels = (await classifier.logits(images)).map(topClass);
  const run = await plainGradient(network, executor, 1);
  const descend = async (first, count) => {
    const stamps = [];
    await attack(classifier, {
      method: 'pgd',
      settings: { steps: each + 1 },
      ...{ images: images.slice(first, first + count), labels: labels.slice(first, first + count) },
      seed: 1,
      onStep: () => void stamps.push(performance.now()),
    });
    return (stamps.at(-1) - stamps[0]) / each;
  };
  const times = { gradient: [], attackStep: [], imageInBatch: [], imageAlone: [] };
  for (let round = -1; round < rounds; round++) {
    const gradient = await timed(async () => {
      for (let i = 0; i < each; i++) await run();
    });
    const attackStep = await descend(0, 1);
    const together = await descend(0, images.length);
    let alone = 0;
    for (let i = 0; i < images.length; i++) alone += await descend(i, 1);
    // The first round is for warmth.
    if (round < 0) continue;
    times.gradient.push(gradient / each);
    times.attackStep.push(attackStep);
    times.imageInBatch.push(together / images.length);
    times.imageAlone.push(alone / images.length);
  }
  await classifier.dispose();
  return {
    unit: 'ms',
    ...Object.fromEntries(Object.entries(times).map(([name, list]) => [name, summary(list)])),
    attackStepOverGradient: ratio(times.attackStep, times.gradient),
    batchOverAlone: ratio(times.imageInBatch, times.imageAlone),
  };
}

/** Twenty images, five epsilons, PGD with ten steps; and what it would take if no image ever fell. */
async function curve(id, executor) {
  const network = embedded(id);
  const classifier = new NetworkClassifier(network, executor, POOL);
  const images = pictures(20, network.input.shape[1]);
  const labels = (await classifier.logits(images)).map(topClass);
  const epsilons = [0.5, 1, 2, 4, 8].map((level) => level / 255);
  const task = { images, labels, seed: 1 };
  let points;
  const before = process.cpuUsage();
  const elapsed = await timed(async () => {
    const attacks = [{ method: 'pgd', settings: { steps: 10 } }];
    [{ points }] = await robustnessCurves(classifier, { ...task, attacks, epsilons });
  });
  const { user, system } = process.cpuUsage(before);
  const every = await timed(async () => {
    for (const eps of epsilons) {
      await attack(classifier, { ...task, method: 'pgd', settings: { steps: 10, eps } });
    }
  });
  await classifier.dispose();
  const round = (ms) => Math.round(ms / 100) / 10;
  return {
    elapsed: round(elapsed),
    // What one thread was busy for: what it takes where nothing else runs.
    processor: round((user + system) / 1000),
    nothingFalls: round(every),
    accuracy: points.map(({ accuracy }) => accuracy),
  };
}

/** All of it. */
export async function attacking(rounds = 9) {
  const executor = await pageExecutor();
  return {
    runtime: 'tfjs-wasm',
    threads: 1,
    step: await steps(embedded('resnet18'), executor, rounds),
    robustnessCurve: {
      ...{ unit: 's', images: 20, epsilons: 5, steps: 10 },
      resnet18: await curve('resnet18', executor),
      'resnet18-robust': await curve('resnet18-robust', executor),
    },
  };
}
