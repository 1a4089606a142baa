import { works, type Work } from '@convlens/core';
import type { LinkField, LinkSchema } from '@convlens/elements';

/** What a link to the bench holds: what is measured. */
export interface BenchState {
  /** Ids of embedded networks and of `standardNames`. */
  networks: readonly string[];
  /** Ids of runtimes; those that make sense on this machine when empty. */
  runtimes: readonly string[];
  works: readonly Work[];
  batches: readonly number[];
}

/** Batches to choose from. */
export const BATCHES: readonly number[] = [1, 8];

/** Several of some words, joined by dots; written as one text so that links stay short. */
function several<T extends string | number>(
  fallback: readonly T[],
  read: (word: string) => T | undefined,
): LinkField<readonly T[]> {
  return {
    parse: (text) => {
      const words = text.split(',').map(read);
      return words.every((word) => word !== undefined) ? words : undefined;
    },
    fallback,
  };
}

const word = (text: string): string | undefined => (/^[\w.-]+$/.test(text) ? text : undefined);

/** The keys of the link. */
export const linkSchema: LinkSchema<BenchState> = {
  networks: several(['resnet18', 'vgg11'], word),
  runtimes: several<string>([], word),
  works: several(works, (text) => works.find((one) => one === text)),
  batches: several([1], (text) => BATCHES.find((one) => String(one) === text)),
};
