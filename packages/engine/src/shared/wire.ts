import { LensError, type ErrorCode } from '@convlens/onnx';

/** An error as it travels between threads, with its causes. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly code?: ErrorCode;
  readonly stack?: string;
  readonly cause?: WireError;
}

/**
 * An error as plain data. Structured cloning would lose the code and the cause.
 *
 * @param error anything that was thrown
 */
export function toWire(error: unknown): WireError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  return {
    name: error.name,
    message: error.message,
    ...(error instanceof LensError ? { code: error.code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: toWire(error.cause) }),
  };
}

/**
 * The error back from plain data; one without a code was not meant to happen and becomes `E_INTERNAL`.
 *
 * @param wire what `toWire` gave
 */
export function fromWire(wire: WireError): LensError {
  const cause = wire.cause && fromWire(wire.cause);
  const error = new LensError(
    wire.code ?? 'E_INTERNAL',
    wire.message,
    cause === undefined ? undefined : { cause },
  );
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}

/**
 * The buffers inside a result, to move them between threads instead of copying. Results own their buffers.
 *
 * @param value any plain data
 * @param found buffers found so far
 */
export function buffersOf(value: unknown, found = new Set<ArrayBuffer>()): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) buffersOf(part, found);
  }
  return found;
}
