// What a picture costs besides the network, and how long a layer sheet takes, on the arithmetic of the browser.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeNetwork } from '@convlens/adapters';
import { buildResNet } from '@convlens/adapters/builders';
import { classGoal, Goals, presets, startRun, visualizeRecipe } from '@convlens/core';
import { read } from '@convlens/onnx';
import { pageExecutor } from './page-runtime.mjs';
import { ratio, summary } from './statistics.mjs';

/** An executor that adds up the time in which networks run. */
function timed(executor) {
  const clock = { network: 0 };
  const prepare = async (graph) => {
    const program = await executor.prepare(graph);
    const run = async (...args) => {
      const began = performance.now();
      const outputs = await program.run(...args);
      clock.network += performance.now() - began;
      return outputs;
    };
    return { run, dispose: () => program.dispose() };
  };
  return { clock, executor: { prepare } };
}

/**
 * Steps of the default preset at 224 x 224: in the network, in everything else that a step computes (parametrisation,
 * views, penalties, optimiser), and in the picture that is shown after each.
 */
async function step(rounds) {
  const network = describeNetwork(buildResNet({ depth: 18, inputSize: 224, batch: 'N' }));
  const { clock, executor } = timed(await pageExecutor());
  const goals = new Goals(network, executor, 'portable');
  const [preset] = presets(network);
  const run = startRun(goals, visualizeRecipe('resnet18', [classGoal(3)], preset), {});
  const times = { step: [], network: [], besides: [], display: [] };
  const warm = 5;
  for (let i = 0; i < warm + rounds; i++) {
    clock.network = 0;
    const began = performance.now();
    await run.step();
    const stepped = performance.now();
    run.pictures();
    const shown = performance.now();
    if (i < warm) continue;
    times.step.push(shown - began);
    times.network.push(clock.network);
    times.besides.push(stepped - began - clock.network);
    times.display.push(shown - stepped);
  }
  await goals.dispose();
  const rest = times.besides.map((ms, i) => ms + times.display[i]);
  return {
    unit: 'ms',
    ...Object.fromEntries(Object.entries(times).map(([name, list]) => [name, summary(list)])),
    shareBesidesNetwork: ratio(rest, times.step),
  };
}

/** Pictures of 64 channels of the embedded ResNet-18, as the dream studio makes a layer sheet. */
async function sheet() {
  const folder = new URL('../../models/', import.meta.url);
  const file = (name) => readFileSync(fileURLToPath(new URL(name, folder)));
  const { networks } = JSON.parse(file('manifest.json').toString());
  const { preprocessing } = networks.find(({ id }) => id === 'resnet18');
  const network = describeNetwork(read(file('resnet18.onnx')), { preprocessing });
  const goals = new Goals(network, await pageExecutor(), 'portable');
  const [preset] = presets(network);
  const layers = {};
  for (const layer of ['layer2.1.relu', 'layer3.1.relu', 'layer4.1.relu']) {
    const began = performance.now();
    const before = process.cpuUsage();
    for (let first = 0; first < 64; first += 8) {
      const channels = Array.from({ length: 8 }, (_, i) => [
        { kind: 'channel', layer, channel: first + i },
      ]);
      const recipe = { ...visualizeRecipe('resnet18', channels, preset), steps: 64 };
      const run = startRun(goals, recipe, {});
      while (run.done < run.total) await run.step();
      run.pictures();
    }
    const { user, system } = process.cpuUsage(before);
    // The second number is what one thread was busy for: what it takes where nothing else runs.
    layers[layer] = {
      elapsed: Math.round(performance.now() - began),
      processor: Math.round((user + system) / 1000),
    };
  }
  await goals.dispose();
  return { unit: 'ms', steps: 64, channels: 64, ...layers };
}

/** Both, one WASM thread. */
export async function dreaming(rounds = 25) {
  return { runtime: 'tfjs-wasm', threads: 1, step: await step(rounds), sheet: await sheet() };
}
