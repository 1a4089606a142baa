import type { RuntimeId } from '../shared/api.js';
import type { Measurements } from './speed.js';

const STORE = 'milliseconds';
/** Changed when runtimes or the layers that are measured change: older figures then no longer count. */
const VERSION = 1;

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

/**
 * Measurements in the browser's database. Where there is none (private windows of some browsers), they last as long as the
 * worker.
 *
 * @param conditions what they depend on besides the device, such as the number of threads
 */
export function storedMeasurements(conditions: string): Measurements {
  const held = new Map<RuntimeId, number>();
  const keyOf = (id: RuntimeId): string => `${id} ${conditions} ${navigator.userAgent}`;
  const database = open().catch(() => undefined);
  return {
    async get(id) {
      const known = held.get(id);
      if (known !== undefined) return known;
      const store = (await database)?.transaction(STORE).objectStore(STORE);
      return store && settled(store.get(keyOf(id)) as IDBRequest<number | undefined>);
    },
    async set(id, ms) {
      held.set(id, ms);
      const store = (await database)?.transaction(STORE, 'readwrite').objectStore(STORE);
      if (store) await settled(store.put(ms, keyOf(id)));
    },
  };
}
