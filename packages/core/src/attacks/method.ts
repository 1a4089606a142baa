import { LensError } from '@convlens/onnx';
import type { Classifier } from './classifier.js';

/** A number that a method takes. */
export interface NumberParameter {
  readonly kind: 'number';
  /** For people. */
  readonly title: string;
  /** `pixels`: parts of the pixels' range, where 8/255 is 8 grey levels; of both norms. */
  readonly unit: 'pixels' | 'count' | 'none';
  /** A number, or how it follows from the parameters before it. */
  readonly fallback: number | ((chosen: Settings) => number);
  readonly low: number;
  readonly high: number;
}

/** One of a few words that a method takes; the first is the default. */
export interface ChoiceParameter<Word extends string = string> {
  readonly kind: 'choice';
  /** For people. */
  readonly title: string;
  readonly words: readonly [Word, ...Word[]];
}

/** Parameters by name, in the order in which defaults may depend on each other. */
export type Parameters = Readonly<Record<string, NumberParameter | ChoiceParameter>>;

/** Parameters with their values. */
export type Settings = Readonly<Record<string, number | string>>;

/**
 * A value as people write it: `8/255`, a number, or a word.
 *
 * @param text what was written
 */
export function settingOf(text: string): number | string {
  const fraction = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(text);
  if (fraction) return Number(fraction[1]) / Number(fraction[2]);
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
}

/** The values of certain parameters. */
export type SettingsOf<P extends Parameters> = {
  readonly [Name in keyof P]: P[Name] extends ChoiceParameter<infer Word> ? Word : number;
};

/** How far an attack is. */
export interface AttackStep {
  readonly done: number;
  readonly total: number;
  /** The images as they are now, the attack's own: copy them to keep them. */
  readonly images: readonly Float32Array[];
  /** What is climbed, of each image before this step, where the method has such. */
  readonly objective?: readonly number[];
}

/** Told after every step; may throw, or reject, to cancel. */
export type OnAttackStep = (step: AttackStep) => void | Promise<void>;

/** What is attacked. */
export interface AttackTask {
  /** float32 in [0, 1], C x H x W each. */
  readonly images: readonly Float32Array[];
  /** The right class of each image. */
  readonly labels: readonly number[];
  /** The class to reach, of each image; without them any other than the right one will do. */
  readonly targets?: readonly number[];
  readonly seed: number;
  readonly onStep?: OnAttackStep;
}

/** A way to fool a network. */
export interface AttackMethod {
  readonly id: string;
  /** For people. */
  readonly title: string;
  /** Paper. */
  readonly source: string;
  /** Whether it needs gradients; without them only answers are asked for. */
  readonly gradients: boolean;
  /** Whether it can be led towards a class. */
  readonly towards: boolean;
  /** What is kept small: `ball` stays within epsilon, `least` looks for the shortest way, `few` changes few values. */
  readonly keeps: 'ball' | 'least' | 'few';
  readonly parameters: Parameters;
  /**
   * Attacks images.
   *
   * @param classifier what is to be fooled
   * @param task images and classes
   * @param settings values of all parameters, checked
   * @returns the attacked images, in the box [0, 1], fooling or not
   */
  readonly run: (
    classifier: Classifier,
    task: AttackTask,
    settings: Settings,
  ) => Promise<readonly Float32Array[]>;
}

/**
 * A method whose settings have the types of its parameters.
 *
 * @param method the method
 */
export function attackMethod<const P extends Parameters>(
  method: Omit<AttackMethod, 'parameters' | 'run'> & {
    readonly parameters: P;
    readonly run: (
      classifier: Classifier,
      task: AttackTask,
      settings: SettingsOf<P>,
    ) => Promise<readonly Float32Array[]>;
  },
): AttackMethod {
  return { ...method, run: method.run as AttackMethod['run'] };
}

/**
 * The values of a method's parameters: what is given, checked, and defaults for the rest.
 *
 * @param method the method
 * @param given some of its parameters
 * @throws LensError `E_ARGUMENT` for one that it does not have, or a value that it does not take
 */
export function settingsOf(method: AttackMethod, given: Settings = {}): Settings {
  const { parameters, title } = method;
  for (const name of Object.keys(given)) {
    if (name in parameters) continue;
    throw new LensError(
      'E_ARGUMENT',
      `${title} has no parameter "${name}". It takes ${Object.keys(parameters).join(', ')}.`,
    );
  }
  const chosen: Record<string, number | string> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = given[name];
    if (parameter.kind === 'choice') {
      const word = value ?? parameter.words[0];
      if (!parameter.words.some((known) => known === word)) {
        throw new LensError(
          'E_ARGUMENT',
          `${title}: expected ${name} to be ${parameter.words.join(' or ')}, got "${word}".`,
        );
      }
      chosen[name] = word;
      continue;
    }
    const { fallback, low, high, unit } = parameter;
    const number = value ?? (typeof fallback === 'number' ? fallback : fallback(chosen));
    const whole = unit !== 'count' || Number.isInteger(number);
    if (typeof number !== 'number' || !(number >= low && number <= high) || !whole) {
      throw new LensError(
        'E_ARGUMENT',
        `${title}: expected ${name} to be a ${unit === 'count' ? 'whole ' : ''}number from ${low} to ${high}, ` +
          `got ${number}.`,
      );
    }
    chosen[name] = number;
  }
  return chosen;
}
