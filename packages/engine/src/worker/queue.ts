/** Runs one asynchronous task at a time, in order. A task that fails does not stop those behind it. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param task started when all tasks before it have ended
   * @returns what the task returns
   */
  add<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task, task);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
