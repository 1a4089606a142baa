import { parseArgs } from 'node:util';

/** The command was called in a way that makes no sense; the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Options of a command, as node:util's parseArgs takes them. */
export type OptionTable = Readonly<
  Record<string, { readonly type: 'string' | 'boolean'; readonly multiple?: boolean }>
>;

/** What was given: the model, and the options. */
export interface Given {
  /** The first word behind the command; empty only where a recipe names the network. */
  readonly model: string;
  /** What stood behind the model without an option, where the command takes such. */
  readonly rest: readonly string[];
  /** The last value of a text option. */
  text(name: string): string | undefined;
  /** A text option that must be there. */
  needed(name: string): string;
  /** All values of a repeated option. */
  list(name: string): readonly string[];
  flag(name: string): boolean;
  /** A whole number, checked. */
  count(name: string): number | undefined;
  /** Any number, checked. */
  number(name: string): number | undefined;
  /** Names of the options that were given. */
  readonly names: readonly string[];
}

/**
 * Parses the arguments of a command.
 *
 * @param args behind the command's name
 * @param options that it knows; `runtime` is added
 * @param takesRest whether more may stand behind the model
 * @throws UsageError
 */
export function parse(args: readonly string[], options: OptionTable, takesRest = false): Given {
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    const known = { runtime: { type: 'string' as const }, ...options };
    parsed = parseArgs({ args: [...args], options: known, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.split('\n')[0]! : String(error));
  }
  const { values, positionals } = parsed;
  const [model = '', ...more] = positionals;
  if (model === '' && values.recipe === undefined) throw new UsageError('no model given');
  if (more.length > 0 && !takesRest) throw new UsageError(`unexpected argument "${more[0]}"`);
  const list = (name: string): readonly string[] => {
    const value = values[name];
    return (Array.isArray(value) ? value : value === undefined ? [] : [value]) as string[];
  };
  const text = (name: string): string | undefined => list(name).at(-1);
  return {
    model,
    rest: more,
    text,
    list,
    names: Object.keys(values),
    flag: (name) => values[name] === true,
    needed(name) {
      const value = text(name);
      if (value === undefined) throw new UsageError(`--${name} is missing`);
      return value;
    },
    count(name) {
      const value = text(name);
      if (value === undefined) return undefined;
      if (!/^\d+$/.test(value))
        throw new UsageError(`--${name} takes a whole number, got "${value}"`);
      return Number(value);
    },
    number(name) {
      const value = text(name);
      if (value === undefined) return undefined;
      if (value.trim() === '' || !Number.isFinite(Number(value)))
        throw new UsageError(`--${name} takes a number, got "${value}"`);
      return Number(value);
    },
  };
}

/**
 * Splits `NAME=FILE`; the name may hold `=` only if the file does not.
 *
 * @param pair what was given
 * @param option its option, for the error
 * @param form what it takes, for the error
 * @throws UsageError
 */
export function splitPair(
  pair: string,
  option: string,
  form = 'NAME=FILE',
): readonly [name: string, file: string] {
  const at = pair.lastIndexOf('=');
  if (at <= 0 || at === pair.length - 1) {
    throw new UsageError(`--${option} takes ${form}, got "${pair}"`);
  }
  return [pair.slice(0, at), pair.slice(at + 1)];
}
