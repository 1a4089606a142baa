import { LensError } from '@convlens/onnx';

/** What the runtimes say when their memory is full, or was written to where nothing of theirs is. */
const SIGNS =
  /memory access out of bounds|out of memory|\bOOM\b|bad_alloc|bad allocation|cannot enlarge memory|array buffer allocation failed|failed to allocate|table index is out of bounds|^Aborted\(/i;

/**
 * Whether an error means that a WebAssembly runtime has run over its memory. It is of no use afterwards, for any network: what it
 * computes is undefined, and its memory never shrinks.
 *
 * @param error what was thrown
 */
export function isOverflow(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (typeof WebAssembly !== 'undefined' && at instanceof WebAssembly.RuntimeError) return true;
    if (SIGNS.test(at.message)) return true;
  }
  return false;
}

/**
 * The error for people, and for whoever starts the runtime anew.
 *
 * @param cause what the runtime said
 */
export function overflow(cause: unknown): LensError {
  const said = cause instanceof Error ? cause.message.split('\n')[0]! : String(cause);
  return new LensError(
    'E_RUNTIME_OVERFLOW',
    'This needs more memory than the compute runtime has here, which is started anew for the other networks ' +
      `(${said.slice(0, 200)}). Choose an earlier layer, a smaller input, or another backend.`,
    { cause },
  );
}
