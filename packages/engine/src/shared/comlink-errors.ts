import { transferHandlers, type TransferHandler } from 'comlink';
import { fromWire, toWire, type WireError } from './wire.js';

/**
 * Makes errors keep their code and cause on the way between threads. comlink's own handler keeps name, message and
 * stack only. Call it on both sides before the first message.
 */
export function installErrorHandler(): void {
  // comlink marks thrown values with a private symbol; its own handler knows how to tell them.
  const own = transferHandlers.get('throw') as TransferHandler<{ value: unknown }, unknown>;
  const handler: TransferHandler<{ value: unknown }, WireError> = {
    canHandle: (value): value is { value: unknown } => own.canHandle(value),
    serialize: ({ value }) => [toWire(value), []],
    deserialize: (wire) => {
      throw fromWire(wire);
    },
  };
  transferHandlers.set('throw', handler);
}
