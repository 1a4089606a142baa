import type { Network } from '@convlens/adapters';
import {
  FeatureMaps,
  Goals,
  softmax,
  startRun,
  type Recipe,
  type RecipeImages,
} from '@convlens/core';
import type { Executor } from '@convlens/runtime';
import { cropToInput, toInput, type Pixels } from '@convlens/data';

/** What a recipe made. */
export interface Rendered {
  readonly pictures: readonly Pixels[];
  /** Objective with its penalties before each step, one list of pictures a step. */
  readonly totals: readonly Float32Array[];
  /** What the network alone said in the last step, one a picture. */
  readonly values: Float32Array;
  /** What was said on the way, each once. */
  readonly notes: readonly string[];
}

/**
 * Follows a recipe to its end.
 *
 * @param network of the recipe
 * @param executor what runs it
 * @param pool how max-pooling is differentiated on it
 * @param recipe what to make
 * @param images that it names
 * @throws LensError as `startRun` and its steps
 */
export async function render(
  network: Network,
  executor: Executor,
  pool: 'indices' | 'portable',
  recipe: Recipe,
  images: RecipeImages,
): Promise<Rendered> {
  const goals = new Goals(network, executor, pool);
  try {
    const run = startRun(goals, recipe, images);
    const totals: Float32Array[] = [];
    const notes = new Set<string>();
    let values = new Float32Array();
    while (run.done < run.total) {
      const report = await run.step();
      totals.push(report.totals);
      values = Float32Array.from(report.values);
      if (report.note !== undefined) notes.add(report.note);
    }
    return { pictures: run.pictures(), totals, values, notes: [...notes] };
  } finally {
    await goals.dispose();
  }
}

/**
 * How probable a network finds a class in pictures, as they are saved.
 *
 * @param network with class scores
 * @param executor what runs it
 * @param pictures any
 * @param index the class
 * @returns 0 to 1, one a picture
 */
export async function probabilities(
  network: Network,
  executor: Executor,
  pictures: readonly Pixels[],
  index: number,
): Promise<number[]> {
  const { input, logits, preprocessing } = network;
  if (!logits) return [];
  const maps = new FeatureMaps(network, executor);
  const [channels, height, width] = input.shape;
  const found: number[] = [];
  for (const picture of pictures) {
    const fed = toInput(cropToInput(picture, height, width), channels, preprocessing);
    const scores = (await maps.read(fed, [logits.value], { alone: true })).get(logits.value)!;
    found.push(softmax(scores.data)[index]!);
  }
  await maps.dispose();
  return found;
}
