import type { Form } from '@convlens/optimizer';
import type { RuntimeId } from '../shared/api.js';
import type { Measurements } from './speed.js';
import type { FormStore } from './tuned-executor.js';

const STORE = 'speeds';
/** Changed when runtimes, or what is measured, change: older figures then no longer count. */
const VERSION = 3;

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = () => {
      reject(request.error ?? new Error('The database gave no reason.'));
    };
  });
}

async function open(): Promise<IDBDatabase> {
  const request = indexedDB.open('convlens-speed', VERSION);
  request.onupgradeneeded = () => {
    const { result } = request;
    for (const name of Array.from(result.objectStoreNames)) result.deleteObjectStore(name);
    result.createObjectStore(STORE);
  };
  return settled(request);
}

/** What was measured on this device. */
export interface Speeds {
  /** How long runtimes take. */
  readonly measurements: Measurements;
  /**
   * Which forms of convolutions are fastest.
   *
   * @param id on which runtime
   */
  readonly forms: (id: RuntimeId) => FormStore;
}

/**
 * Measurements in the browser's database. Where there is none (private windows of some browsers), they last as long as the
 * worker.
 *
 * @param conditions what they depend on besides the device, such as the number of threads
 */
export function storedSpeeds(conditions: string): Speeds {
  const held = new Map<string, unknown>();
  const keyOf = (what: string): string => `${what} ${conditions} ${navigator.userAgent}`;
  const database = open().catch(() => undefined);
  const get = async <T>(what: string): Promise<T | undefined> => {
    const known = held.get(what);
    if (known !== undefined) return known as T;
    const store = (await database)?.transaction(STORE).objectStore(STORE);
    return store && settled(store.get(keyOf(what)) as IDBRequest<T | undefined>);
  };
  const set = async (what: string, value: unknown): Promise<void> => {
    held.set(what, value);
    const store = (await database)?.transaction(STORE, 'readwrite').objectStore(STORE);
    if (store) await settled(store.put(value, keyOf(what)));
  };
  return {
    measurements: { get: (id) => get<number>(id), set },
    forms: (id) => ({
      load: () => get<Readonly<Record<string, Form>>>(`forms ${id}`),
      save: (forms) => set(`forms ${id}`, forms),
    }),
  };
}
