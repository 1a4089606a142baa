/** Version of the link format; links of another version are read as far as their keys are known. */
const VERSION = '1';

/** One key of the state in a link: how it is read, and when it is left out. */
export interface LinkField<T> {
  readonly parse: (text: string) => T | undefined;
  readonly fallback: T;
}

/** Free text. */
export const text = (fallback = ''): LinkField<string> => ({ parse: (value) => value, fallback });

/** One of a fixed set of words. */
export const oneOf = <T extends string>(values: readonly T[], fallback: T): LinkField<T> => ({
  parse: (value) => values.find((known) => known === value),
  fallback,
});

/** A whole number from zero up, or nothing. */
export const index = (): LinkField<number | undefined> => ({
  parse: (value) => (/^\d{1,6}$/.test(value) ? Number(value) : undefined),
  fallback: undefined,
});

/** The schema of a link's keys. */
export type LinkSchema<S> = { readonly [K in keyof S]-?: LinkField<S[K]> };

/**
 * Reads the state from the hash of a link; unknown keys and values that make no sense are passed over.
 *
 * @param hash with or without the leading `#`
 * @param schema the keys
 */
export function readLink<S extends object>(hash: string, schema: LinkSchema<S>): S {
  const params = new URLSearchParams(hash.replace(/^#/, ''));
  const entries = (Object.keys(schema) as (keyof S & string)[]).map((key) => {
    const raw = params.get(key);
    const { parse, fallback } = schema[key];
    return [key, (raw === null ? undefined : parse(raw)) ?? fallback];
  });
  return Object.fromEntries(entries) as S;
}

/**
 * Writes the state as a hash; values that are the fallback are left out, so links stay short.
 *
 * @param state the state
 * @param schema its keys
 */
export function writeLink<S extends object>(state: S, schema: LinkSchema<S>): string {
  const params = new URLSearchParams({ v: VERSION });
  for (const key of Object.keys(schema) as (keyof S & string)[]) {
    const value = state[key];
    if (value !== undefined && value !== schema[key].fallback) params.set(key, String(value));
  }
  return `#${params}`;
}
