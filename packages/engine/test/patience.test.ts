import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { arrival, NOT_THERE, Patience } from '../src/worker/patience.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('waiting for a server', () => {
  it('ends after twenty seconds of silence, and says so', () => {
    const patience = new Patience(new AbortController().signal);
    vi.advanceTimersByTime(19_999);
    expect([patience.expired, patience.signal.aborted]).toEqual([false, false]);
    vi.advanceTimersByTime(1);
    expect([patience.expired, patience.signal.aborted]).toEqual([true, true]);
    expect(patience.words).toBe('nothing for 20 s');
  });

  it('goes on as long as something comes', () => {
    const patience = new Patience(new AbortController().signal);
    for (let i = 0; i < 10; i++) {
      vi.advanceTimersByTime(15_000);
      patience.renew();
    }
    expect(patience.signal.aborted).toBe(false);
    patience.end();
    vi.advanceTimersByTime(60_000);
    expect(patience.expired).toBe(false);
  });

  it('ends with the call, which is no silence', () => {
    const call = new AbortController();
    const patience = new Patience(call.signal);
    call.abort('cancelled');
    expect(patience.signal.reason).toBe('cancelled');
    expect(patience.expired).toBe(false);
    patience.end();
  });
});

describe('a script of ours', () => {
  it('that never comes is said after as long', async () => {
    const never = arrival(new Promise(() => undefined), 'E_ENGINE_START', NOT_THERE);
    const said = expect(never).rejects.toMatchObject({
      code: 'E_ENGINE_START',
      message: NOT_THERE,
      cause: new Error('no answer for 20 s'),
    });
    await vi.advanceTimersByTimeAsync(20_000);
    await said;
  });

  it('that is missing is said at once; one that comes is taken', async () => {
    const missing = arrival(Promise.reject(new Error('404')), 'E_ENGINE_START', NOT_THERE);
    await expect(missing).rejects.toMatchObject({ code: 'E_ENGINE_START' });
    expect(await arrival(Promise.resolve(7), 'E_ENGINE_START', NOT_THERE)).toBe(7);
  });
});
