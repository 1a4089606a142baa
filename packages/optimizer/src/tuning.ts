import type { Graph, InferOptions, TensorData } from '@convlens/onnx';
import { convolutionOf, type ConvolutionShape } from './convolution.js';
import { DIRECT, formsOf, type Form } from './form.js';
import { optimize, valuesOf } from './optimize.js';
import type { Policy } from './policy.js';
import { sampleConvolution } from './sample.js';

/** Forms that were fastest, by `shapeKey`. */
export type KnownForms = ReadonlyMap<string, Form>;

/** A graph that is ready to run on what is tuned for. */
export interface TunedProgram {
  /** @returns outputs by name */
  run(feeds: Readonly<Record<string, TensorData>>): Promise<Readonly<Record<string, TensorData>>>;
  dispose(): Promise<void>;
}

/** What is tuned for. */
export interface TuningTarget {
  /** Gets a graph ready as it stands: without rewriting its convolutions. */
  readonly prepare: (graph: Graph) => Promise<TunedProgram>;
  /** Milliseconds since some moment. */
  readonly now: () => number;
}

/** What was found for one shape. */
export interface Tuned {
  /** The fastest that computes the same. */
  readonly form: Form;
  /** Each form with its least time in milliseconds (endless when it was refused), and its relative L2 difference from the direct one. */
  readonly candidates: readonly {
    readonly form: Form;
    readonly ms: number;
    readonly error: number;
  }[];
}

/** A form is refused when its result is further than this from the direct one's; the known forms are within 3e-6. */
export const LARGEST_ERROR = 1e-5;

/** Rounds in which every form is timed once; the shortest run counts, as whatever else the machine does only adds. */
const ROUNDS = 4;
/** A form that has taken so many times as long as the best so far is not timed again. */
const HOPELESS = 2;
/** The form that is used without tuning must be slower by this, or it stays. */
const GAIN = 0.95;

/**
 * What the choice of a form depends on, as text.
 *
 * @param shape extents of a convolution
 */
export function shapeKey(shape: ConvolutionShape): string {
  const { batch, inputs, outputs, from, to, kernel, strides, dilations, padded } = shape;
  const extents = [[batch], [inputs, outputs], from, to, kernel, strides, dilations];
  return `${extents.map((list) => list.join('x')).join(' ')}${padded ? ' padded' : ''}`;
}

/**
 * A policy that follows what was measured, and another where nothing was.
 *
 * @param forms may grow while the policy is in use
 * @param otherwise decides about all other shapes
 */
export function tunedPolicy(forms: KnownForms, otherwise: Policy): Policy {
  return {
    ...otherwise,
    name: `${otherwise.name}, tuned`,
    choose: (shape) => {
      const written = JSON.stringify(forms.get(shapeKey(shape)));
      // Kept tables outlive programs: a form that there is no more is no reason to fail.
      const known = formsOf(shape).find((form) => JSON.stringify(form) === written);
      return known ?? otherwise.choose(shape);
    },
  };
}

/**
 * The distinct convolutions of a graph that could be computed in more than one way, those with most work first.
 *
 * @param graph any graph
 * @param shapes of inputs that it leaves open
 */
export function tunableShapes(graph: Graph, shapes: InferOptions = {}): ConvolutionShape[] {
  const values = valuesOf(graph, shapes);
  const found = new Map<string, ConvolutionShape>();
  for (const node of graph.nodes) {
    const shape = convolutionOf(graph, values, node)?.shape;
    if (shape && formsOf(shape).length > 1) found.set(shapeKey(shape), shape);
  }
  return [...found.values()].sort((one, other) => workOf(other) - workOf(one));
}

/**
 * Multiplications of a convolution computed directly.
 *
 * @param shape its extents
 */
export function workOf({ batch, inputs, outputs, to, kernel }: ConvolutionShape): number {
  return batch * inputs * outputs * to[0] * to[1] * kernel[0] * kernel[1];
}

/**
 * Times every form of a convolution, in turn, so that what the machine does besides touches all alike.
 *
 * @param shape the convolution's extents
 * @param target what it runs on
 * @param otherwise the policy whose choice stays where nothing is clearly faster
 * @param between called before each run; may throw to end it
 */
export async function tuneShape(
  shape: ConvolutionShape,
  { prepare, now }: TuningTarget,
  otherwise: Policy,
  between: () => void | Promise<void> = () => undefined,
): Promise<Tuned> {
  const { graph, feeds } = sampleConvolution(shape);
  const candidates: { form: Form; ms: number; error: number; program: TunedProgram }[] = [];
  try {
    let expected: ArrayLike<number> | undefined;
    for (const form of formsOf(shape)) {
      await between();
      const policy: Policy = { name: 'one form', choose: () => form };
      const program = await prepare(form === DIRECT ? graph : optimize(graph, { policy }));
      candidates.push({ form, ms: Infinity, error: Infinity, program });
      // The first run makes room and is not timed; it tells whether the form computes the same.
      const result = (await program.run(feeds))[graph.outputs[0]!.name]!.data as Float32Array;
      expected ??= result.slice();
      candidates.at(-1)!.error = difference(result, expected);
    }
    const right = candidates.filter(({ error }) => error < LARGEST_ERROR);
    for (let round = 0; round < ROUNDS; round++) {
      const best = Math.min(...right.map(({ ms }) => ms));
      for (const candidate of right) {
        if (round > 0 && candidate.ms > HOPELESS * best) continue;
        await between();
        const began = now();
        await candidate.program.run(feeds);
        candidate.ms = Math.min(candidate.ms, now() - began);
      }
    }
    const usual = JSON.stringify(otherwise.choose(shape));
    const weight = ({ form, ms }: { form: Form; ms: number }): number =>
      JSON.stringify(form) === usual ? ms * GAIN : ms;
    const { form } = right.reduce((least, each) => (weight(each) < weight(least) ? each : least));
    return { form, candidates: candidates.map(({ program: _program, ...each }) => each) };
  } finally {
    for (const { program } of candidates) await program.dispose();
  }
}

/** Relative L2; NaN where something is not a number. */
function difference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [off, total] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    off += (found[i]! - expected[i]!) ** 2;
    total += expected[i]! ** 2;
  }
  return Math.sqrt(off / total);
}

/** How long tuning may take. */
export interface TuneOptions extends InferOptions {
  /** Milliseconds; the shape that is under way is still finished. */
  readonly budgetMs: number;
  /** The policy whose choices stay where nothing is clearly faster. */
  readonly otherwise: Policy;
}

/**
 * Times the forms of a graph's convolutions until a budget is spent, those with most work first.
 *
 * @param graph any graph
 * @param target what it will run on
 * @param forms what is known already; what is found is added
 * @returns what was measured now, by `shapeKey`
 */
export async function tune(
  graph: Graph,
  target: TuningTarget,
  forms: Map<string, Form>,
  { budgetMs, otherwise, ...shapes }: TuneOptions,
): Promise<ReadonlyMap<string, Tuned>> {
  const began = target.now();
  const found = new Map<string, Tuned>();
  for (const shape of tunableShapes(graph, shapes)) {
    const key = shapeKey(shape);
    if (forms.has(key)) continue;
    if (target.now() - began >= budgetMs) break;
    const tuned = await tuneShape(shape, target, otherwise);
    found.set(key, tuned);
    forms.set(key, tuned.form);
  }
  return found;
}
