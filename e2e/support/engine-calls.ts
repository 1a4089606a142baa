import type { Page } from '@playwright/test';

/** What the page has asked its worker for, by the name of the call. */
export interface EngineCalls {
  /** Calls answered. */
  readonly answered: Readonly<Record<string, number>>;
  /** The largest number of calls for a run of the network that were open at one time since the last look. */
  readonly mostOpen: number;
}

interface Watched {
  engineCalls: { answered: Record<string, number>; mostOpen: number };
}

/** Counts the calls between a page and its worker, from the outside; before the page is opened. */
export async function watchEngine(page: Page): Promise<() => Promise<EngineCalls>> {
  await page.addInitScript(() => {
    const RUNS = ['activations', 'projections', 'attribution', 'rankImages'];
    const calls = { answered: {} as Record<string, number>, mostOpen: 0 };
    (globalThis as unknown as Watched).engineCalls = calls;
    const open = new Map<string, string>();
    // The listener is there before the page's own, which may ask for the next thing at once.
    globalThis.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        this.addEventListener('message', ({ data }: MessageEvent<{ id?: string }>) => {
          const name = open.get(data.id ?? '');
          if (name === undefined) return;
          open.delete(data.id!);
          calls.answered[name] = (calls.answered[name] ?? 0) + 1;
        });
      }

      override postMessage(
        message: { id?: string; path?: string[]; argumentList?: readonly { value?: unknown }[] },
        rest: Transferable[] & StructuredSerializeOptions = [],
      ): void {
        // A job is called by its kind, the second argument of `run`.
        const [verb] = message.path ?? [];
        const name = verb === 'run' ? String(message.argumentList?.[1]?.value) : verb;
        if (message.id !== undefined && name !== undefined && RUNS.includes(name)) {
          open.set(message.id, name);
          calls.mostOpen = Math.max(calls.mostOpen, open.size);
        }
        super.postMessage(message, rest);
      }
    };
  });
  return () =>
    page.evaluate(() => {
      const { engineCalls } = globalThis as unknown as Watched;
      const seen = structuredClone(engineCalls);
      engineCalls.mostOpen = 0;
      return seen;
    });
}
