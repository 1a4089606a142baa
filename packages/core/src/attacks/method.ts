import type {
  ChoiceParameter,
  NumberParameter,
  Parameters,
  Settings,
  SettingsOf,
} from '../schema/parameter.js';
import type { Classifier } from './classifier.js';

/** Numbers and words that an attack takes. */
export type AttackParameters = Parameters<NumberParameter | ChoiceParameter>;

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
  readonly parameters: AttackParameters;
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
export function attackMethod<const P extends AttackParameters>(
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
