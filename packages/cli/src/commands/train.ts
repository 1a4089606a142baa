import { elementCount, float32, LensError, type TensorData } from '@convlens/onnx';
import {
  LOSSES,
  oneHot,
  OPTIMIZERS,
  Trainer,
  type Convention,
  type LossId,
  type LossSettings,
  type OptimizerId,
  type OptimizerSettings,
} from '@convlens/training';
import { parse, UsageError, type Given } from '../arguments.js';
import { Output, readModel } from '../files.js';
import { readNpz } from '../npz.js';
import { poolOf, runtimeOf } from '../runtime.js';

/** One of the words of a table. */
function word<T extends string>(
  given: Given,
  option: string,
  known: readonly T[],
  otherwise: T,
): T {
  const text = given.text(option) ?? otherwise;
  const found = known.find((one) => one === text);
  if (found !== undefined) return found;
  throw new UsageError(`--${option} is one of ${known.join(', ')}, got "${text}"`);
}

/** What the options say of a number, or nothing; it must not be below 0. */
function amount(given: Given, option: string): number | undefined {
  const value = given.number(option);
  if (value === undefined || value >= 0) return value;
  throw new UsageError(`--${option} takes a number of 0 or more, got ${value}`);
}

function present<T extends object>(values: T): { [K in keyof T]: NonNullable<T[K]> } {
  const said = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said) as { [K in keyof T]: NonNullable<T[K]> };
}

function optimizerOf(given: Given): OptimizerSettings {
  const kinds = Object.keys(OPTIMIZERS) as OptimizerId[];
  return {
    kind: word(given, 'optimizer', kinds, 'sgd'),
    convention: word<Convention>(given, 'convention', ['pytorch', 'keras'], 'pytorch'),
    nesterov: given.flag('nesterov'),
    ...present({
      lr: amount(given, 'lr'),
      momentum: amount(given, 'momentum'),
      alpha: amount(given, 'alpha'),
      eps: amount(given, 'eps'),
      weightDecay: amount(given, 'weight-decay'),
    }),
  };
}

function lossOf(given: Given): LossSettings {
  const kind = word(given, 'loss', Object.keys(LOSSES) as LossId[], 'cross_entropy');
  return { kind, ...present({ smoothing: amount(given, 'smoothing') }) };
}

/** Steps after which weights are wanted. */
function stepsToSave(given: Given, last: number): ReadonlySet<number> {
  const text = given.text('save-at');
  if (text === undefined) return new Set([last]);
  const steps = text.split(',').map(Number);
  const wrong = steps.find((step) => !Number.isInteger(step) || step < 1 || step > last);
  if (wrong === undefined) return new Set(steps);
  throw new UsageError(`--save-at takes steps from 1 to ${last}, as 1,10,50, got "${text}"`);
}

/** Batches: images `[steps, batch, ...]` and classes `[steps, batch]`. */
class Batches {
  readonly #images: TensorData;
  readonly #labels: TensorData;
  readonly count: number;
  readonly batch: number;

  /** @throws LensError `E_ARGUMENT` when the arrays do not go together */
  constructor(arrays: ReadonlyMap<string, TensorData>, file: string) {
    const [images, labels] = [arrays.get('x'), arrays.get('t')];
    const [steps = 0, batch = 0] = images?.shape ?? [];
    const fits =
      labels?.shape.length === 2 && labels.shape[0] === steps && labels.shape[1] === batch;
    if (!images || !labels || !fits || images.shape.length < 3 || steps === 0) {
      const shown = (tensor: TensorData | undefined): string =>
        tensor ? `[${tensor.shape.join(', ')}]` : 'nothing';
      throw new LensError(
        'E_ARGUMENT',
        `Expected x [steps, batch, ...] and t [steps, batch] in ${file}, got x ${shown(images)} and t ${shown(labels)}.`,
      );
    }
    [this.#images, this.#labels] = [images, labels];
    [this.count, this.batch] = [steps, batch];
  }

  /** The images of a step; after the last one the first come again. */
  images(step: number): TensorData {
    const { shape, data } = this.#images;
    const each = elementCount(shape.slice(1));
    const from = (step % this.count) * each;
    const part = (data as Float32Array).subarray(from, from + each);
    return float32(Float32Array.from(part, Number), shape.slice(1));
  }

  /** Their classes. */
  labels(step: number): readonly number[] {
    const from = (step % this.count) * this.batch;
    const all = this.#labels.data as ArrayLike<number | bigint>;
    return Array.from({ length: this.batch }, (_, i) => Number(all[from + i]));
  }
}

/** `convlens train`: a network learns. */
export async function train(args: readonly string[]): Promise<string> {
  const text = { type: 'string' } as const;
  const given = parse(args, {
    ...{ batches: text, loss: text, smoothing: text, optimizer: text, convention: text, lr: text },
    ...{ momentum: text, nesterov: { type: 'boolean' }, alpha: text, eps: text, seed: text },
    ...{ 'weight-decay': text, 'max-norm': text, steps: text, 'save-at': text, out: text },
  });
  const file = given.needed('batches');
  const folder = given.needed('out');
  const [loss, optimizer] = [lossOf(given), optimizerOf(given)];
  const batches = new Batches(await readNpz(file), file);
  const steps = given.count('steps') ?? batches.count;
  const saved = stepsToSave(given, steps);
  const { graph } = readModel(given.model);
  const executor = await runtimeOf(given, 'numbers');
  const trainer = await Trainer.start(executor, graph, {
    ...{ batch: batches.batch, loss, optimizer, pool: poolOf(given.text('runtime')) },
    ...present({ maxNorm: amount(given, 'max-norm'), seed: given.count('seed') }),
  });
  const output = new Output(folder);
  const rows: [number, number][] = [];
  for (let at = 0; at < steps; at++) {
    const targets = oneHot(batches.labels(at), trainer.graph.classes);
    const { step, loss } = await trainer.step(batches.images(at), targets);
    rows.push([step, loss]);
    if (!saved.has(step)) continue;
    const place = new Output(`${folder}/step${step}`);
    for (const [name, tensor] of Object.entries(await trainer.weights()))
      place.tensor(name, tensor);
    output.written.push(...place.written.map((name) => `step${step}/${name}`));
  }
  output.csv('losses', [['step', 'loss'], ...rows]);
  await trainer.dispose();
  return output.written.join('\n');
}
