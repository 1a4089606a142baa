import { attackMethods, defences, settingsOf, type Settings } from '@convlens/core';
import { asciiJson, readPngText } from '@convlens/data/png';
import { LensError } from '@convlens/onnx';
import { allSettings, methodOf } from './parameters.js';
import type { LabState } from './state.js';

/** Version of the format; it is also what tells these files from others. */
const VERSION = 1;
/** Key of the text chunk that holds it in a PNG. */
const KEYWORD = 'convlens-attack';

/** Everything that an attack depends on but the pixels of a visitor's own image. */
export interface AttackRecipe {
  readonly convlensAttack: typeof VERSION;
  readonly network: string;
  /** Start of the checksum of the network's file, where it is known. */
  readonly sha256?: string;
  /** Id of a sample; empty for an image of the visitor's own. */
  readonly image: string;
  readonly attack: string;
  readonly settings: Settings;
  /** Class that the network gave before. */
  readonly label: number;
  readonly target?: number;
  readonly seed: number;
  readonly defence?: {
    readonly id: string;
    readonly strength?: number;
    readonly adaptive: boolean;
  };
}

/** A recipe without its version. */
export const recipe = (parts: Omit<AttackRecipe, 'convlensAttack'>): AttackRecipe => ({
  convlensAttack: VERSION,
  ...parts,
});

const wrong = (why: string): LensError =>
  new LensError(
    'E_RECIPE',
    `This is no recipe of the adversarial lab: ${why}. Nothing was changed.`,
  );

/**
 * Checks what a file says.
 *
 * @param value parsed JSON
 * @throws LensError `E_RECIPE`
 */
function checked(value: unknown): AttackRecipe {
  const given = (typeof value === 'object' && value !== null ? value : {}) as AttackRecipe;
  // Everything below may be anything: it comes from a file.
  if ((given.convlensAttack as unknown) !== VERSION) {
    throw wrong(`expected convlensAttack to be ${VERSION}`);
  }
  const { network, image, attack, settings, target, seed, label, defence } = given;
  if (typeof network !== 'string' || typeof image !== 'string') {
    throw wrong('expected the names of a network and an image');
  }
  const method = attackMethods.find(({ id }) => id === attack);
  if (!method) throw wrong(`there is no attack "${attack}"`);
  const whole = (n: unknown): boolean => typeof n === 'number' && Number.isInteger(n) && n >= 0;
  if (!whole(seed) || !whole(label) || (target !== undefined && !whole(target))) {
    throw wrong('expected whole numbers for seed, label and target');
  }
  if (defence !== undefined && !defences.some(({ id }) => id === defence.id)) {
    throw wrong(`there is no defence "${defence.id}"`);
  }
  try {
    settingsOf(method, settings);
  } catch (cause) {
    throw wrong(cause instanceof Error ? cause.message.replace(/\.$/, '') : 'its settings');
  }
  return given;
}

/**
 * A recipe as text for a PNG.
 *
 * @param given the recipe
 */
export const recipeText = (given: AttackRecipe): Readonly<Record<string, string>> => ({
  [KEYWORD]: asciiJson(given),
  Software: 'Convlens',
});

/**
 * The recipe in a file: JSON, or a PNG that was saved here.
 *
 * @param file the file
 * @throws LensError `E_RECIPE` when there is none, or it cannot be followed
 */
export async function recipeFromFile(file: Blob): Promise<AttackRecipe> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text: string | undefined;
  if (bytes[0] === 0x89) {
    text = readPngText(bytes)[KEYWORD];
    if (text === undefined) {
      throw wrong('the PNG was not saved by it, or something has stripped it');
    }
  } else text = new TextDecoder().decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong('it is not JSON');
  }
  return checked(value);
}

/**
 * What a recipe chooses, besides network and image.
 *
 * @param recipe read from a file, and checked
 */
export function stateOf({
  attack,
  settings,
  target,
  seed,
  defence,
}: AttackRecipe): Pick<
  LabState,
  'attack' | 'set' | 'seed' | 'target' | 'defence' | 'strength' | 'knows'
> {
  const fallbacks = allSettings(methodOf(attack), '');
  const set = Object.entries(settings)
    .filter(([name, value]) => fallbacks[name] !== value)
    .map(([name, value]) => `${name}:${value}`)
    .join(',');
  return {
    attack,
    set,
    seed,
    target,
    defence: defence?.id ?? '',
    strength: defence?.strength === undefined ? '' : String(defence.strength),
    knows: defence?.adaptive ? 'yes' : 'no',
  };
}
