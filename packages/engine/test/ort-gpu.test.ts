import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { OrtExecutor } from '../src/worker/ort-executor.js';

/** An executor that shares a device which is never used here. */
const { gpu } = new OrtExecutor(
  ort,
  { executionProviders: ['cpu'] },
  { device: {} as GPUDevice, isLoss: (error) => String(error).includes('lost') },
);

const failing = (name: string, message: string) => (): Promise<never> =>
  Promise.reject(Object.assign(new Error(message), { name }));

describe('waiting for a shared GPU', () => {
  it('gives what the task gives', async () => {
    await expect(gpu!.wait(() => Promise.resolve(7))).resolves.toBe(7);
  });

  // A lost device rejects reads in its own words, before or after it says that it is lost.
  it.each([
    ['AbortError', 'A valid external Instance reference no longer exists.', 'E_BACKEND_LOST'],
    ['Error', 'The device was lost.', 'E_BACKEND_LOST'],
    ['OperationError', 'Buffer is invalid.', 'E_RUN'],
  ])('says what became of it: %s, %s', async (name, message, code) => {
    await expect(gpu!.wait(failing(name, message))).rejects.toMatchObject({ code });
  });

  it('is there only where the runtime shares its device', () => {
    expect(new OrtExecutor(ort, { executionProviders: ['cpu'] }).gpu).toBeUndefined();
  });
});
