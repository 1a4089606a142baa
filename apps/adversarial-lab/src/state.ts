import { index, oneOf, text, type LinkSchema } from '@convlens/elements';

/** What is looked at below the experiment. */
export type Tab =
  | 'parts'
  | 'plane'
  | 'look'
  | 'curve'
  | 'transfer'
  | 'defences'
  | 'fooling'
  | 'universal'
  | 'patch'
  | 'robust';

/** All of them, in the order of the tabs. */
export const TABS: readonly Tab[] = [
  'parts',
  'plane',
  'look',
  'curve',
  'transfer',
  'defences',
  'fooling',
  'universal',
  'patch',
  'robust',
];

/** What a link to the lab holds: enough to make the same attack again. */
export interface LabState {
  /** Id of an embedded network. */
  network: string;
  /** Id of a sample picture. */
  image: string;
  /** Id of the attack. */
  attack: string;
  /** Class to reach; any other than the answer before when left out. */
  target: number | undefined;
  /** Parameters that are not the default, as `eps:4/255,steps:20`. */
  set: string;
  seed: number | undefined;
  /** Id of a defence; none when empty. */
  defence: string;
  /** Of the defence; its own default when empty. */
  strength: string;
  /** Whether the attack knows of the defence. */
  knows: 'yes' | 'no';
  tab: Tab;
  /** Layer whose maps are side by side. */
  layer: string;
}

/** The keys of the link. */
export const linkSchema: LinkSchema<LabState> = {
  network: text('resnet18'),
  image: text('lemon'),
  attack: text('pgd'),
  target: index(),
  set: text(),
  seed: index(),
  defence: text(),
  strength: text(),
  knows: oneOf(['yes', 'no'], 'no'),
  tab: oneOf(TABS, 'parts'),
  layer: text(),
};
