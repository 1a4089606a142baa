import { expect, it } from 'vitest';
import { LeaseCache } from '../src/lease-cache.js';

/** A cache of two whose things say what was done with them. */
function cacheOfTwo() {
  const events: string[] = [];
  const cache = new LeaseCache<string>(2, (thing) => {
    events.push(`free ${thing}`);
    return Promise.resolve();
  });
  const use = <R>(key: string, work: (thing: string) => R | Promise<R>): Promise<R> =>
    cache.use(
      key,
      () => {
        events.push(`make ${key}`);
        return Promise.resolve(key);
      },
      work,
    );
  return { cache, use, events };
}

/** Work that ends when it is told to. */
function held(): { readonly work: () => Promise<void>; readonly end: () => void } {
  let end: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (end = resolve));
  return { work: () => done, end };
}

it('keeps the latest, and frees those before', async () => {
  const { use, events } = cacheOfTwo();
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await use(key, () => undefined);
  expect(events).toEqual(['make a', 'make b', 'make c', 'free b', 'make b', 'free c']);
});

it('does not free what somebody works with, whether it is pushed out or all is given back', async () => {
  const { cache, use, events } = cacheOfTwo();
  const [one, other] = [held(), held()];
  const pushed = use('a', one.work);
  await use('b', () => undefined);
  await use('c', () => undefined);
  expect(events).not.toContain('free a');
  one.end();
  await pushed;
  expect(events).toContain('free a');
  const kept = use('c', other.work);
  await cache.dispose();
  expect(events).not.toContain('free c');
  other.end();
  await kept;
  expect(events.filter((event) => event === 'free c')).toHaveLength(1);
});

it('makes again what could not be made, and what was freed', async () => {
  const { cache, use, events } = cacheOfTwo();
  const failing = cache.use(
    'a',
    () => Promise.reject(new Error('no')),
    () => undefined,
  );
  await expect(failing).rejects.toThrow('no');
  expect(await use('a', (thing) => thing)).toBe('a');
  await cache.dispose();
  expect(await use('a', (thing) => thing)).toBe('a');
  expect(events).toEqual(['make a', 'free a', 'make a']);
});
