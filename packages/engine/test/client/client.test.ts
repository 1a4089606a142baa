import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EngineClient, EngineRecoveredEvent, type EngineOptions } from '../../src/client/client.js';
import { SUPERSEDED } from '../../src/client/session.js';
import type { RunOptions } from '../../src/shared/engine-calls.js';
import type { FakeAnswer, FakeRequest } from './fake-worker.js';

let client: EngineClient;
let recovered: string[];

function start(options: Partial<EngineOptions> = {}): void {
  client = new EngineClient({
    ...{ runtimeBase: '/', workerUrl: new URL('./fake-worker.ts', import.meta.url) },
    ...{ cancelLimitMs: 100, supersedeLimitMs: 400, idleMs: 50 },
    ...options,
  });
  recovered = [];
  client.addEventListener(EngineRecoveredEvent.type, (event) => {
    recovered.push((event as EngineRecoveredEvent).reason);
  });
}

/** The fake does whatever the request says, under any kind. */
function ask(request: FakeRequest, options: RunOptions<'recipe'> = {}): Promise<FakeAnswer> {
  return client.run('recipe', request as never, options) as unknown as Promise<FakeAnswer>;
}

const answers: FakeRequest = { does: 'answers' };

beforeEach(() => start());
afterEach(async () => {
  vi.useRealTimers();
  await client.close();
});

describe('what is open', () => {
  it('is shared while anyone holds it, and is given back with the last', async () => {
    const source = { id: 'alexnet', url: '/alexnet.onnx' };
    const [first, second] = [await client.openNetwork(source), await client.openNetwork(source)];
    expect(second.id).toBe(first.id);
    first[Symbol.dispose]();
    expect((await ask(answers)).open).toEqual(['alexnet']);
    second[Symbol.dispose]();
    expect((await ask(answers)).open).toEqual([]);
  });

  it('keeps two networks of one name apart', async () => {
    const blob = (text: string) => ({ id: 'mine', blob: new Blob([text]) });
    const [first, second] = [
      await client.openNetwork(blob('a')),
      await client.openNetwork(blob('b')),
    ];
    expect(second.id).not.toBe(first.id);
    second[Symbol.dispose]();
    expect((await ask(answers)).open).toEqual(['mine']);
  });

  it('is nothing where it was refused, and the reason keeps its code', async () => {
    await expect(client.openNetwork({ id: 'refused', url: '/x' })).rejects.toMatchObject({
      code: 'E_ONNX_INVALID',
      message: 'That is no network.',
    });
    expect((await ask(answers)).open).toEqual([]);
  });
});

describe('a worker that dies', () => {
  it('with its first call is noticed', async () => {
    expect((await ask({ does: 'dies' })).state).toEqual({ step: 3 });
  });

  it('is followed by one with the same networks, images and backend; a recipe goes on from its last state', async () => {
    await client.openNetwork({ id: 'alexnet', url: '/alexnet.onnx' });
    await client.openImage({ what: 'lemon', url: '/lemon.png' });
    await client.useBackend('tfjs-wasm');
    const { worker } = await ask(answers);
    const after = await ask({ does: 'dies' });
    expect(after).toMatchObject({
      ...{ open: ['alexnet', 'lemon'], backend: 'tfjs-wasm', state: { step: 3 } },
    });
    expect(after.worker).not.toBe(worker);
    expect(recovered).toHaveLength(1);
  });

  it('on a GPU is followed by one without: the GPU may be why', async () => {
    await client.useBackend('webgpu');
    expect((await ask({ does: 'dies' })).backend).toBe('wasm');
  });

  it('is followed by another where a network overflowed it', async () => {
    await client.openNetwork({ id: 'alexnet', url: '/alexnet.onnx' });
    const { worker } = await ask(answers);
    await expect(ask({ does: 'overflows' })).rejects.toMatchObject({ code: 'E_RUNTIME_OVERFLOW' });
    const after = await ask(answers);
    expect(after.worker).not.toBe(worker);
    expect(after.open).toEqual(['alexnet']);
  });
});

describe('a call that is cancelled', () => {
  it('ends at once, and its worker stays where it hears of it', async () => {
    const { worker } = await ask(answers);
    const cancel = new AbortController();
    const call = ask({ does: 'waits' }, { signal: cancel.signal, onFrame: () => cancel.abort() });
    await expect(call).rejects.toMatchObject({ code: 'E_ABORTED' });
    expect((await ask(answers)).worker).toBe(worker);
    expect(recovered).toEqual([]);
  });

  it('ends its worker where it is not heard', async () => {
    await client.openNetwork({ id: 'alexnet', url: '/alexnet.onnx' });
    const { worker } = await ask(answers);
    const cancel = new AbortController();
    const call = ask({ does: 'hangs' }, { signal: cancel.signal, onFrame: () => cancel.abort() });
    await expect(call).rejects.toMatchObject({ code: 'E_ABORTED' });
    // This one waits in the same worker, and is repeated in the next.
    const after = await ask(answers);
    expect(after.worker).not.toBe(worker);
    expect(after.open).toEqual(['alexnet']);
    await vi.waitFor(() => expect(recovered).toHaveLength(1));
    expect(recovered[0]).toMatch(/did not stop/);
  });

  it('because something newer takes its place is given longer', async () => {
    const { worker } = await ask(answers);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const cancel = new AbortController();
    const takeOver = (): void => cancel.abort(SUPERSEDED);
    const call = ask({ does: 'hangs' }, { signal: cancel.signal, onFrame: takeOver });
    await expect(call).rejects.toMatchObject({ code: 'E_ABORTED' });
    vi.advanceTimersByTime(399);
    // Waits in the worker that hangs; a plain cancel would have ended that by now.
    const next = ask(answers);
    await Promise.resolve();
    expect(recovered).toEqual([]);
    vi.advanceTimersByTime(1);
    expect((await next).worker).not.toBe(worker);
  });
});

describe('a client that nobody uses', () => {
  it('ends its worker after the last session; the next one has the chosen backend', async () => {
    const session = client.session();
    await client.useBackend('tfjs-wasm');
    const { worker } = await ask(answers);
    session[Symbol.dispose]();
    await vi.waitFor(async () => expect((await ask(answers)).worker).not.toBe(worker));
    expect((await ask(answers)).backend).toBe('tfjs-wasm');
    expect(recovered).toEqual([]);
  });

  it('keeps its worker where another session begins meanwhile', async () => {
    const session = client.session();
    const { worker } = await ask(answers);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    session[Symbol.dispose]();
    client.session();
    vi.advanceTimersByTime(1000);
    expect((await ask(answers)).worker).toBe(worker);
  });

  it('says so to whoever asks after it was closed', async () => {
    await client.close();
    await expect(ask(answers)).rejects.toMatchObject({ code: 'E_ABORTED' });
  });
});

it('says that a worker cannot be had', async () => {
  start({ workerUrl: '/no-such-worker.js' });
  await expect(ask(answers)).rejects.toMatchObject({ code: 'E_ENGINE_START' });
});
