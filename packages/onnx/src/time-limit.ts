import { LensError } from './errors.js';

/** When the reading that is under way must be done, in milliseconds of `performance.now()`; reading is synchronous. */
let deadline = Infinity;

/** The clock that JavaScript has in a page, a worker and Node. */
const now = (): number =>
  (globalThis as unknown as { performance: { now(): number } }).performance.now();

/**
 * Reads something within a time.
 *
 * @param ms it may take at most
 * @param work the reading; what it does in turn looks at the time between two nodes
 * @throws LensError `E_BOUND` when it takes longer; `E_BOUND` also when it nests deeper than the machine's stack
 */
export function withinTime<T>(ms: number, work: () => T): T {
  const outer = deadline;
  deadline = Math.min(outer, now() + ms);
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof RangeError) || !/call stack/i.test(cause.message)) throw cause;
    throw new LensError(
      'E_BOUND',
      'The network nests deeper than can be followed here. Simplify it with onnx-simplifier and try again.',
      { cause },
    );
  } finally {
    deadline = outer;
  }
}

/**
 * Ends a reading that has taken too long.
 *
 * @throws LensError `E_BOUND`
 */
export function checkTime(): void {
  if (now() <= deadline) return;
  throw new LensError(
    'E_BOUND',
    'Reading the network took longer than it may, so it was given up: the file asks for more work than a network has. ' +
      'Simplify it with onnx-simplifier, or export it with a fixed input size.',
  );
}
