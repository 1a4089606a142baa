import { describeNetwork, type Network } from '@convlens/adapters';
import {
  attackMethods,
  DefendedClassifier,
  defences,
  NetworkClassifier,
  planesOf,
  settingOf,
  softmax,
  topClass,
  type AttackMethod,
  type Classifier,
  type Settings,
} from '@convlens/core';
import { LensError } from '@convlens/onnx';
import { splitPair, UsageError, type Given } from '../arguments.js';
import { imageCrop } from '../commands/run.js';
import { readModel } from '../files.js';
import { poolOf, runtimeOf } from '../runtime.js';

/** Options of every attack that says what it may do. */
export const ATTACK_OPTIONS = {
  attack: { type: 'string', multiple: true },
  norm: { type: 'string' },
  eps: { type: 'string', multiple: true },
  alpha: { type: 'string' },
  steps: { type: 'string' },
  loss: { type: 'string' },
  set: { type: 'string', multiple: true },
  image: { type: 'string', multiple: true },
  label: { type: 'string', multiple: true },
  seed: { type: 'string' },
  out: { type: 'string' },
} as const;

/** Options of attacks on a defended network. */
export const DEFENCE_OPTIONS = {
  defence: { type: 'string' },
  adaptive: { type: 'boolean' },
} as const;

/** Parameters with an option of their own; the others are given by `--set`. */
const OWN = ['norm', 'eps', 'alpha', 'steps', 'loss'] as const;

/** A number, also as a fraction. */
export function numberOf(given: Given, option: string): number | undefined {
  const text = given.text(option);
  if (text === undefined) return undefined;
  const value = settingOf(text);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new UsageError(`--${option} takes a number or a fraction like 8/255, got "${text}"`);
}

/**
 * Parameters of an attack.
 *
 * @param given the arguments
 * @param without those that are given otherwise
 */
export function settingsOf(given: Given, without: readonly string[] = []): Settings {
  const pairs = given.list('set').map((pair) => splitPair(pair, 'set', 'NAME=VALUE'));
  for (const name of OWN) {
    const text = without.includes(name) ? undefined : given.text(name);
    if (text !== undefined) pairs.push([name, text]);
  }
  return Object.fromEntries(pairs.map(([name, text]) => [name, settingOf(text)]));
}

/** The attacks that are asked for. */
export function methodsOf(given: Given, fallback: string): readonly AttackMethod[] {
  const list = given.list('attack');
  return (list.length > 0 ? list : [fallback]).map((id) => {
    const method = attackMethods.find((one) => one.id === id);
    if (method) return method;
    const known = attackMethods.map((one) => one.id).join(', ');
    throw new UsageError(`--attack is one of ${known}, got "${id}"`);
  });
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

/** One class for all images, or one for each. */
export function classesFor(
  network: Network,
  given: Given,
  option: string,
  count: number,
): readonly number[] {
  const list = given.list(option).map((text) => classOf(network, text));
  if (list.length === 1) return Array.from({ length: count }, () => list[0]!);
  if (list.length === 0 || list.length === count) return list;
  throw new UsageError(
    `--${option} is given once, or once for each of ${count} images; got ${list.length}`,
  );
}

/** The class to reach, where one is needed. */
export function targetOf(network: Network, given: Given): number {
  return classOf(network, given.needed('target'));
}

/** A class with its name. */
export function named(network: Network, index: number): { class: number; name?: string } {
  const name = network.classes?.[index];
  return { class: index, ...(name && { name }) };
}

/** A class as people read it. */
export function said({ class: index, name }: { class: number; name?: string }): string {
  return `${index}${name === undefined ? '' : ` (${name})`}`;
}

/** What a network says, with the probability. */
export function answerOf(
  network: Network,
  logits: Float32Array,
): { class: number; name?: string; probability: number } {
  const index = topClass(logits);
  return { ...named(network, index), probability: softmax(logits)[index]! };
}

/** A network that is to be fooled. */
export interface Subject {
  readonly network: Network;
  /** What the attack follows. */
  readonly attacked: Classifier;
  /** What is to be fooled: the same, or the network behind a defence that the attack does not know of. */
  readonly judge: Classifier;
  /** What is known of the defence. */
  readonly defence?: { readonly id: string; readonly strength: number; readonly adaptive: boolean };
  dispose(): Promise<void>;
}

/**
 * Reads a network, and defends it as it is asked for.
 *
 * @param given the arguments
 * @param model its name; the first argument by default
 * @throws UsageError for a defence that does not exist; LensError as the reader does, for a strength out of bounds
 */
export async function subjectOf(given: Given, model = given.model): Promise<Subject> {
  const guard = defenceOf(given);
  const { graph, knowledge } = readModel(model);
  const network = describeNetwork(graph, knowledge);
  const inside = new NetworkClassifier(
    network,
    await runtimeOf(given, 'speed'),
    poolOf(given.text('runtime')),
  );
  const dispose = (): Promise<void> => inside.dispose();
  if (!guard) return { network, attacked: inside, judge: inside, dispose };
  const judge = new DefendedClassifier(inside, { ...guard, seed: given.count('seed') ?? 0 });
  const adaptive = given.flag('adaptive');
  const { id } = guard.defence;
  return {
    ...{ network, judge, dispose, attacked: adaptive ? judge : inside },
    defence: { id, strength: guard.strength, adaptive },
  };
}

/** `ID` or `ID:STRENGTH`. */
function defenceOf(
  given: Given,
): { defence: (typeof defences)[number]; strength: number } | undefined {
  const text = given.text('defence');
  if (text === undefined) {
    if (!given.flag('adaptive')) return undefined;
    throw new UsageError(
      '--adaptive says that the attack knows of the --defence, which is missing',
    );
  }
  const [id, strength] = text.split(':');
  const defence = defences.find((one) => one.id === id);
  if (!defence) {
    const known = defences.map((one) => one.id).join(', ');
    throw new UsageError(`--defence is one of ${known}, got "${id}"`);
  }
  const number = strength === undefined ? defence.strength.fallback : settingOf(strength);
  if (typeof number === 'number') return { defence, strength: number };
  throw new UsageError(`--defence takes ID or ID:STRENGTH, got "${text}"`);
}

/** Images with their right classes: those that are given, or what the network says. */
export async function labelled(
  { network, judge }: Subject,
  given: Given,
  files: readonly string[],
): Promise<{ images: readonly Float32Array[]; labels: readonly number[] }> {
  const images = files.map((file) => planesOf(imageCrop(network, file), judge.shape[0]));
  const own = classesFor(network, given, 'label', files.length);
  const labels = own.length > 0 ? own : (await judge.logits(images)).map(topClass);
  return { images, labels };
}
