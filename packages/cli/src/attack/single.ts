import { basename, extname } from 'node:path';
import { describeNetwork, type Network } from '@convlens/adapters';
import {
  attack as run,
  attackMethods,
  keepingOf,
  NetworkClassifier,
  perturbationSize,
  pictureOf,
  planesOf,
  roundToBytes,
  softmax,
  successRate,
  topClass,
  type Settings,
} from '@convlens/core';
import { float32, LensError } from '@convlens/onnx';
import { parse, splitPair, UsageError, type Given } from '../arguments.js';
import { imageFiles, Output, readModel } from '../files.js';
import { runtimeOf } from '../runtime.js';
import { imageCrop } from './run.js';

/** Parameters with an option of their own; the others are given by `--set`. */
const OWN = ['norm', 'eps', 'alpha', 'steps', 'loss'] as const;

/** `8/255`, a number, or a word. */
function valueOf(text: string): number | string {
  const fraction = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(text);
  if (fraction) return Number(fraction[1]) / Number(fraction[2]);
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
}

function settingsOf(given: Given): Settings {
  const pairs = given.list('set').map((pair) => splitPair(pair, 'set', 'NAME=VALUE'));
  for (const name of OWN) {
    const text = given.text(name);
    if (text !== undefined) pairs.push([name, text]);
  }
  return Object.fromEntries(pairs.map(([name, text]) => [name, valueOf(text)]));
}

/** A class by its number or its name. */
function classOf(network: Network, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const wanted = text.trim().toLowerCase();
  const found = (network.classes ?? []).findIndex((name) =>
    [name, ...name.split(',')].some((one) => one.trim().toLowerCase() === wanted),
  );
  if (found >= 0) return found;
  throw new LensError(
    'E_ARGUMENT',
    network.classes
      ? `There is no class "${text}" among the ${network.classes.length} of ${network.title}.`
      : `The classes of ${network.title} have no names. Give the number of the class instead of "${text}".`,
  );
}

/** A class with its name and probability. */
function answerOf(network: Network, logits: Float32Array): Record<string, unknown> {
  const index = topClass(logits);
  const name = network.classes?.[index];
  return { class: index, ...(name && { name }), probability: softmax(logits)[index] };
}

/** Names for the results, each its own. */
function namesOf(files: readonly string[], method: string): readonly string[] {
  const bases = files.map((file) => `${basename(file, extname(file))}-${method}`);
  return bases.map((base, i) =>
    bases.indexOf(base) === bases.lastIndexOf(base) ? base : `${base}-${i + 1}`,
  );
}

/** One class for all images, or one for each. */
function classesFor(network: Network, given: Given, option: string, count: number): number[] {
  const list = given.list(option).map((text) => classOf(network, text));
  if (list.length === 1) return Array.from({ length: count }, () => list[0]!);
  if (list.length === 0 || list.length === count) return list;
  throw new UsageError(
    `--${option} is given once, or once for each of ${count} images; got ${list.length}`,
  );
}

/** `convlens attack`: fools a network. */
export async function attack(args: readonly string[]): Promise<string> {
  const options = {
    image: { type: 'string', multiple: true },
    attack: { type: 'string' },
    norm: { type: 'string' },
    eps: { type: 'string' },
    alpha: { type: 'string' },
    steps: { type: 'string' },
    loss: { type: 'string' },
    set: { type: 'string', multiple: true },
    target: { type: 'string', multiple: true },
    label: { type: 'string', multiple: true },
    seed: { type: 'string' },
    out: { type: 'string' },
  } as const;
  const given = parse(args, options, true);
  const method = given.text('attack') ?? 'pgd';
  if (!attackMethods.some(({ id }) => id === method)) {
    const known = attackMethods.map(({ id }) => id).join(', ');
    throw new UsageError(`--attack is one of ${known}, got "${method}"`);
  }
  given.needed('image');
  const folder = given.needed('out');
  const wished = settingsOf(given);
  const seed = given.count('seed') ?? 0;
  const { graph, knowledge } = readModel(given.model);
  const network = describeNetwork(graph, knowledge);
  const classifier = new NetworkClassifier(network, await runtimeOf(given, 'speed'));
  const { shape } = classifier;
  const files = imageFiles([...given.list('image'), ...given.rest]);
  const images = files.map((file) => planesOf(imageCrop(network, file), shape[0]));
  const own = classesFor(network, given, 'label', files.length);
  const labels = own.length > 0 ? own : (await classifier.logits(images)).map(topClass);
  const targets = classesFor(network, given, 'target', files.length);
  const task = { images, labels, seed, ...(targets.length > 0 && { targets }) };
  const {
    images: results,
    queries,
    settings,
  } = await run(classifier, {
    ...task,
    method,
    settings: wished,
  });
  const attacked = results.map(({ image }) => image);
  const rounded = await roundToBytes(classifier, task, attacked, keepingOf(method, settings));
  await classifier.dispose();

  const output = new Output(folder);
  const names = namesOf(files, method);
  const lines: string[] = [];
  const list = results.map((result, i) => {
    const [name, bytes, original] = [names[i]!, rounded[i]!, images[i]!];
    const move = result.image.map((value, at) => value - original[at]!);
    output.image(name, pictureOf(bytes.image, shape));
    output.tensor(`${name}-perturbation`, float32(move, shape));
    output.tensor(`${name}-logits`, float32(result.after, [result.after.length]));
    const before = answerOf(network, result.before);
    const after = answerOf(network, result.after);
    const size = perturbationSize(original, result.image, shape);
    const said = ({ class: index, name }: Record<string, unknown>): string =>
      `${String(index)}${typeof name === 'string' ? ` (${name})` : ''}`;
    const verdict = result.fooled
      ? bytes.fooled
        ? 'fooled, also by the PNG'
        : 'fooled, but not by the PNG of 8 bits'
      : 'not fooled';
    lines.push(
      `${files[i]!}: ${said(before)} -> ${said(after)}, ${verdict}; largest change ` +
        `${(255 * size.linf).toFixed(2)}/255, distance ${size.l2.toFixed(4)}`,
    );
    return {
      file: files[i],
      label: labels[i],
      ...(targets.length > 0 && { target: targets[i] }),
      known: result.known,
      before,
      after,
      fooled: result.fooled,
      size,
      png: {
        file: `${name}.png`,
        ...answerOf(network, bytes.logits),
        fooled: bytes.fooled,
        repairs: bytes.repairs,
        size: perturbationSize(original, bytes.image, shape),
      },
    };
  });
  const known = results.filter((result) => result.known).length;
  output.json(`attack-${method}`, {
    network: network.title,
    attack: method,
    settings,
    seed,
    queries,
    known,
    success: successRate(results),
    images: list,
  });
  return [...lines, ...output.written].join('\n');
}
