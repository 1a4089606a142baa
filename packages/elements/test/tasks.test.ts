import { LensError } from '@convlens/onnx';
import { describe, expect, it, vi } from 'vitest';
import { Tasks, type Problem } from '../src/tasks.js';

const offline = (): LensError => new LensError('E_FETCH', 'No answer.');
const fails = (error: Error) => () => Promise.reject(error);
const succeeds = (): Promise<void> => Promise.resolve();

describe('a failure', () => {
  it('stands until its own task succeeds, whatever others do', async () => {
    const failed: Problem[] = [];
    const tasks = new Tasks(
      () => undefined,
      (problem) => failed.push(problem),
    );
    expect(await tasks.run('network', fails(offline()))).toBe(false);
    expect(tasks.problem).toMatchObject({
      code: 'E_FETCH',
      message: 'No answer.',
      task: 'network',
    });
    expect(failed).toHaveLength(1);
    expect(await tasks.run('image', succeeds)).toBe(true);
    expect(tasks.problem?.task).toBe('network');
    expect(await tasks.run('network', succeeds)).toBe(true);
    expect(tasks.problem).toBeUndefined();
  });

  it('makes room for the one after it', async () => {
    const tasks = new Tasks(() => undefined);
    await tasks.run('network', fails(offline()));
    await tasks.run('image', fails(new LensError('E_IMAGE', 'No picture.')));
    expect(tasks.problem?.task).toBe('network');
    tasks.dismiss();
    expect(tasks.problem?.task).toBe('image');
    expect(tasks.problemOf('network')).toBeUndefined();
  });

  it('is tried again with those that failed alike, and with no other', async () => {
    const tasks = new Tasks(() => undefined);
    const again = { list: vi.fn(), samples: vi.fn(), image: vi.fn() };
    await tasks.run('list', fails(offline()), again.list);
    await tasks.run('image', fails(new LensError('E_IMAGE', 'No picture.')), again.image);
    await tasks.run('samples', fails(offline()), again.samples);
    tasks.problem!.retry!();
    expect(again.list).toHaveBeenCalledOnce();
    expect(again.samples).toHaveBeenCalledOnce();
    expect(again.image).not.toHaveBeenCalled();
  });

  it('without a code is one of ours', async () => {
    const tasks = new Tasks(() => undefined);
    await tasks.run('look', fails(new TypeError('x is not a function')));
    expect(tasks.problem).toMatchObject({ code: 'E_INTERNAL', message: 'x is not a function' });
  });
});

describe('a task whose place a newer one takes', () => {
  it('is told, and its failure is nobody’s', async () => {
    const tasks = new Tasks(() => undefined);
    let given!: AbortSignal;
    let fail!: (error: Error) => void;
    const older = tasks.run('network', ({ signal }) => {
      given = signal;
      return new Promise((_, reject) => (fail = reject));
    });
    const newer = tasks.run('network', succeeds);
    expect(given.aborted).toBe(true);
    fail(offline());
    expect(await older).toBe(false);
    expect(await newer).toBe(true);
    expect(tasks.problem).toBeUndefined();
  });

  it('takes no failure of the newer one off the page, nor what is under way', async () => {
    const tasks = new Tasks(() => undefined);
    const progress = { stage: 'download', what: 'vgg11' } as const;
    let succeed!: () => void;
    const older = tasks.run('network', () => new Promise((resolve) => (succeed = resolve)));
    let failNewer!: (error: Error) => void;
    const newer = tasks.run('network', ({ onProgress }) => {
      onProgress(progress);
      return new Promise((_, reject) => (failNewer = reject));
    });
    succeed();
    await older;
    expect(tasks.busy.get('network')).toBe(progress);
    failNewer(offline());
    await newer;
    expect(tasks.busy.size).toBe(0);
    expect(tasks.problem?.code).toBe('E_FETCH');
  });
});

it('cancels without a word', async () => {
  const tasks = new Tasks(() => undefined);
  const run = tasks.run(
    'image',
    ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new LensError('E_ABORTED', 'Cancelled.')));
      }),
  );
  tasks.cancel();
  expect(await run).toBe(false);
  expect(tasks.problem).toBeUndefined();
});
