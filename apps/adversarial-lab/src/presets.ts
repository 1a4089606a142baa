import type { LabState } from './state.js';

/** An experiment that is worth a look. */
export interface Preset {
  readonly id: string;
  readonly title: string;
  /** One sentence. */
  readonly about: string;
  readonly attack: string;
  readonly set: string;
  /** Name of the class to reach. */
  readonly towards?: string;
}

/** From the most striking on. The first one is what the lab opens with. */
export const PRESETS: readonly Preset[] = [
  {
    id: 'teapot',
    title: 'Into a teapot',
    about: 'Eight grey levels of 255 at most, and the network is sure of something else entirely.',
    attack: 'pgd',
    set: 'steps:20',
    towards: 'teapot',
  },
  {
    id: 'unseen',
    title: 'Hard to see',
    about: 'Two grey levels at most. For many pictures that is enough for another answer.',
    attack: 'pgd',
    set: 'eps:2/255,steps:20',
  },
  {
    id: 'one-step',
    title: 'One step',
    about: 'A single gradient, one step of four grey levels: the first attack that was fast.',
    attack: 'fgsm',
    set: 'eps:4/255',
  },
  {
    id: 'shortest',
    title: 'Shortest way',
    about: 'To the nearest border and just across. Nothing bounds the change; it is small anyway.',
    attack: 'deepfool',
    set: '',
  },
  {
    id: 'few',
    title: 'Few pixels',
    about: 'Few values are changed, but those as far as they go.',
    attack: 'jsma',
    set: '',
  },
  {
    id: 'blind',
    title: 'Without looking inside',
    about: 'Random squares, kept where the answer gets worse: only answers are asked for.',
    attack: 'square',
    set: 'queries:1000',
  },
];

/**
 * The preset that a state is, if it is one.
 *
 * @param state what is chosen
 * @param names of the classes
 */
export function presetOf(
  { attack, set, target, defence }: LabState,
  names: readonly string[] | undefined,
): Preset | undefined {
  return PRESETS.find(
    (preset) =>
      preset.attack === attack &&
      preset.set === set &&
      defence === '' &&
      (preset.towards === undefined
        ? target === undefined
        : target !== undefined && names?.[target] === preset.towards),
  );
}

/** One sentence for each attack: what it does. */
export const ATTACK_WORDS: Readonly<Record<string, string>> = {
  fgsm: 'One step along the sign of the gradient.',
  bim: 'Small steps along the sign of the gradient, each brought back into the ball.',
  pgd: 'Small steps from a random place in the ball, each brought back into it.',
  'mi-fgsm': 'Steps along a running sum of gradients; its pictures fool other networks better.',
  deepfool: 'Takes the network for linear and goes to the nearest border.',
  cw: 'Weighs the length of the way against the lead of another class, and searches the weight.',
  jsma: 'Changes two values at a time: those that help most.',
  apgd: 'Steps with momentum that shrink by themselves where they no longer help.',
  'one-pixel': 'Evolves the place and the colour of single pixels. Asks for answers only.',
  square: 'Tries random squares and keeps those that help. Asks for answers only.',
};

/** The same for each defence. */
export const DEFENCE_WORDS: Readonly<Record<string, string>> = {
  jpeg: 'What JPEG loses.',
  'bit-depth': 'Every colour rounded to few levels.',
  blur: 'A Gaussian blur.',
  median: 'The middle value of a window.',
  tv: 'The closest smooth picture.',
  'random-resize': 'Shrunk to a random size at a random place.',
};

/**
 * A class that a network finds unlikely, but not the least of all.
 *
 * @param logits scores before any softmax, one a class
 */
export function leastLikely(logits: Float32Array): number {
  const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!);
  return order[Math.min(order.length - 1, 10)]!;
}
