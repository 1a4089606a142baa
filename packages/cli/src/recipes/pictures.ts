import { basename } from 'node:path';
import { describeNetwork, type Network } from '@convlens/adapters';
import {
  checkRecipe,
  type AscentRecipe,
  type Objective,
  type Recipe,
  type Term,
} from '@convlens/core';
import { LensError } from '@convlens/onnx';
import { parse, UsageError, type Given, type OptionTable } from '../arguments.js';
import { Output, readModel, type Model } from '../files.js';
import { poolOf, runtimeOf } from '../runtime.js';
import { imagesOf } from './images.js';
import { identity, modelOf, readRecipeFile, recipeText } from './read.js';
import { probabilities, render, type Rendered } from './render.js';

/** What may stand beside `--recipe`: everything else is in it. */
const BESIDE_RECIPE = ['recipe', 'image', 'guide', 'out', 'runtime'];

/** Makes the recipes that the options ask for. */
export type Ask = (given: Given, network: Network, id: string) => readonly Recipe[];

/** One word for a goal, for names of files. */
function slug(goal: Objective): string {
  return goal
    .filter((term, i) => i === 0 || 'layer' in term)
    .map((term: Term) => {
      if (term.kind === 'class' || term.kind === 'probability') return `class-${term.index}`;
      const unit = 'channel' in term ? `-${term.channel}` : '';
      return `${term.layer}${unit}`;
    })
    .join('+');
}

/** Name of the files of a recipe, without an ending. */
function nameOf(recipe: Recipe): string {
  const network = recipe.network.replace(/\.onnx$/, '');
  const verb = recipe.technique === 'visualize' ? '' : `-${recipe.technique}`;
  return `${network}${verb}-${slug(recipe.goals[0])}`;
}

/** The class that a picture is of, where it is of one. */
function classOf(recipe: Recipe, picture: number): number | undefined {
  const goal = recipe.goals[picture % recipe.goals.length]!;
  const term = goal.find(({ kind }) => kind === 'class' || kind === 'probability');
  return term && 'index' in term && (term.weight ?? 1) > 0 ? term.index : undefined;
}

/** Writes pictures, recipe and objective; gives the lines to say. */
async function write(
  output: Output,
  recipe: Recipe,
  { pictures, totals, values, notes }: Rendered,
  probability: (index: number, picture: number) => Promise<string>,
): Promise<string[]> {
  const name = nameOf(recipe);
  const lines: string[] = [];
  for (const [i, picture] of pictures.entries()) {
    const own = pictures.length > 1 ? `${name}-${i + 1}` : name;
    output.image(own, picture, recipeText(recipe));
    const file = output.written.at(-1)!;
    const said =
      recipe.technique === 'invert'
        ? `relative loss ${(-values[i]!).toPrecision(4)}`
        : `objective ${totals.at(-1)![i]!.toPrecision(4)}`;
    const index = classOf(recipe, i);
    const more = index === undefined ? '' : `, ${await probability(index, i)}`;
    lines.push(`${file}: ${said}${more}`);
  }
  output.json(name, recipe);
  const head = ['step', ...totals[0]!.map((_, i) => i + 1)].map((column, i) =>
    i === 0 ? column : `objective ${column}`,
  );
  output.csv(name, [head, ...totals.map((row, step) => [step, ...row])]);
  return [...notes, ...lines];
}

/** The recipes to follow, and their network. */
function recipesOf(
  given: Given,
  technique: Recipe['technique'],
  ask: Ask,
): { model: Model; network: Network; recipes: readonly Recipe[] } {
  const file = given.text('recipe');
  if (file === undefined) {
    const model = readModel(given.model);
    const network = describeNetwork(model.graph, model.knowledge);
    const named = { ...identity(model), ...imageNames(given) };
    const recipes = ask(given, network, model.id).map((recipe) => ({ ...recipe, ...named }));
    return { model, network, recipes: recipes.map(checkRecipe) };
  }
  const other = given.names.find((name) => !BESIDE_RECIPE.includes(name));
  if (other !== undefined) {
    throw new UsageError(
      `--${other} is in the recipe already; leave it out, or leave out --recipe`,
    );
  }
  const recipe = readRecipeFile(file);
  if (recipe.technique !== technique) {
    throw new LensError(
      'E_RECIPE',
      `Expected a recipe of "convlens ${technique}", got one of "convlens ${recipe.technique}". Use that command.`,
    );
  }
  const model = modelOf(recipe, given.model);
  return { model, network: describeNetwork(model.graph, model.knowledge), recipes: [recipe] };
}

/** Names of the images that were given, as a recipe keeps them. */
function imageNames(given: Given): Pick<AscentRecipe, 'image' | 'guide'> {
  const [image, guide] = [given.text('image'), given.text('guide')];
  return {
    ...(image !== undefined && { image: basename(image) }),
    ...(guide !== undefined && { guide: basename(guide) }),
  };
}

/**
 * Runs a command that makes pictures by recipes: reads or makes them, follows them, writes what came out.
 *
 * @param args behind the command's name
 * @param technique of the command
 * @param options of the command; those that all share are added
 * @param ask makes recipes of the options
 * @returns what to say: a line a picture
 * @throws UsageError; LensError as what it calls. Nothing is written before a recipe is done.
 */
export async function makePictures(
  args: readonly string[],
  technique: Recipe['technique'],
  options: OptionTable,
  ask: Ask,
): Promise<string> {
  const text = { type: 'string' } as const;
  const shared = { recipe: text, image: text, guide: text, seed: text, steps: text, out: text };
  const given = parse(args, { ...shared, ...options });
  const folder = given.needed('out');
  const { network, recipes } = recipesOf(given, technique, ask);
  const executor = await runtimeOf(given, 'speed');
  const pool = poolOf(given.text('runtime'));
  const lines: string[] = [];
  for (const recipe of recipes) {
    const rendered = await render(network, executor, pool, recipe, imagesOf(given, recipe));
    const probability = async (index: number, picture: number): Promise<string> => {
      const one = rendered.pictures.slice(picture, picture + 1);
      const [found = 0] = await probabilities(network, executor, one, index);
      const name = network.classes?.[index];
      return `probability ${found.toFixed(4)} of class ${index}${name ? ` (${name})` : ''}`;
    };
    lines.push(...(await write(new Output(folder), recipe, rendered, probability)));
  }
  return lines.join('\n');
}

/** Options that were given, without those that were not. */
export function given<T extends object>(values: {
  [K in keyof T]: T[K] | undefined;
}): Partial<T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
