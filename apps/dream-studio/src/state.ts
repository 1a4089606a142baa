import { index, oneOf, text, type LinkSchema } from '@convlens/elements';

/** What is made. */
export type Technique = 'class' | 'unit' | 'dream' | 'rebuild' | 'restarts';

/** All of them, in the order of the tabs. */
export const TECHNIQUES: readonly Technique[] = ['class', 'unit', 'dream', 'rebuild', 'restarts'];

/** What a link to the studio holds: enough to make the same picture again. */
export interface StudioState {
  /** Id of an embedded network. */
  network: string;
  make: Technique;
  /** Class index. */
  target: number | undefined;
  /** Layer id. */
  layer: string;
  channel: number | undefined;
  /** Id of a sample picture. */
  image: string;
  /** Part of the channel's map that is meant. */
  place: 'map' | 'centre';
  /** Another class or channel, added or taken away. */
  second: number | undefined;
  joined: 'plus' | 'minus';
  /** Another layer that is dreamt of as much as the first; none when empty. */
  also: string;
  /** Id of the sample picture that guides a dream; none when empty. */
  guide: string;
  /** Id of the preset. */
  how: string;
  /** The opposite is asked for. */
  sense: 'more' | 'less';
  /** Where pictures start from. */
  start: 'noise' | 'grey' | 'image';
  seed: number | undefined;
  /** Parameters that differ from the preset, as `steps:512,rate:0.1`. */
  set: string;
  /** A whole recipe as JSON; it goes before everything else. */
  recipe: string;
}

/** The keys of the link. */
export const linkSchema: LinkSchema<StudioState> = {
  network: text('resnet18-robust'),
  make: oneOf(TECHNIQUES, 'class'),
  target: index(),
  layer: text(),
  channel: index(),
  image: text(),
  place: oneOf(['map', 'centre'], 'map'),
  second: index(),
  joined: oneOf(['plus', 'minus'], 'plus'),
  also: text(),
  guide: text(),
  how: text('natural'),
  sense: oneOf(['more', 'less'], 'more'),
  start: oneOf(['noise', 'grey', 'image'], 'noise'),
  seed: index(),
  set: text(),
  recipe: text(),
};
