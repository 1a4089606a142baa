/** What every parameter says of itself. */
interface Described {
  /** For people. */
  readonly title: string;
  /** Unit and meaning in a few words. */
  readonly about?: string;
  /** Whether what is kept (a recipe) must name it; else it may be left out, and the fallback is meant. */
  readonly required?: true;
}

/** A number. */
export interface NumberParameter extends Described {
  readonly kind: 'number';
  /**
   * `pixels`: parts of the pixels' range, where 8/255 is 8 grey levels; `count`: whole numbers; `none`: any number.
   */
  readonly unit: 'pixels' | 'count' | 'none';
  /** A number, or how it follows from the parameters before it. */
  readonly fallback: number | ((chosen: Settings) => number);
  readonly low: number;
  readonly high: number;
  /** The ends of its control, where one is offered for it: within `low` and `high`. */
  readonly control?: readonly [low: number, high: number];
}

/** One of a few words; the first is the default. */
export interface ChoiceParameter<Word extends string = string> extends Described {
  readonly kind: 'choice';
  readonly words: readonly [Word, ...Word[]];
}

/** Yes or no; no by default. */
interface FlagParameter extends Described {
  readonly kind: 'flag';
}

/** Some numbers, at least one. */
interface NumbersParameter extends Described {
  readonly kind: 'numbers';
  readonly fallback: readonly number[];
  /** Ends of each. */
  readonly low: number;
  readonly high: number;
  /** How many at most. */
  readonly most: number;
}

/** A word that is not one of a few, such as the id of a layer. */
interface TextParameter extends Described {
  readonly kind: 'text';
  readonly fallback: string;
}

/** What a method, a term, a penalty and everything else that has a schema takes. */
export type Parameter =
  NumberParameter | ChoiceParameter | FlagParameter | NumbersParameter | TextParameter;

/** Parameters by name, in the order in which defaults may depend on each other. */
export type Parameters<P extends Parameter = Parameter> = Readonly<Record<string, P>>;

/** A value of a parameter. */
export type Setting = number | string | boolean | readonly number[];

/** Numbers and words by name. */
export type Settings = Readonly<Record<string, number | string>>;

type ValueOf<P> =
  P extends ChoiceParameter<infer Word>
    ? Word
    : P extends NumberParameter
      ? number
      : P extends FlagParameter
        ? boolean
        : P extends NumbersParameter
          ? readonly number[]
          : string;

type Needed<P extends Parameters> = {
  [Name in keyof P]: P[Name] extends { readonly required: true } ? Name : never;
}[keyof P];

/** The values of all of certain parameters. */
export type SettingsOf<P extends Parameters> = {
  readonly [Name in keyof P]: ValueOf<P[Name]>;
};

/** The same as it is kept: what has a default may be left out. */
export type KeptOf<P extends Parameters> = {
  readonly [Name in Needed<P>]: ValueOf<P[Name]>;
} & { readonly [Name in Exclude<keyof P, Needed<P>>]?: ValueOf<P[Name]> };

/** One of the rows of a table as it is kept: its name in `kind`, and its parameters. */
export type KindOf<Table extends Readonly<Record<string, Parameters>>> = {
  [Kind in keyof Table]: { readonly kind: Kind } & KeptOf<Table[Kind]>;
}[keyof Table];
