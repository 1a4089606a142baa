import {
  EngineRecoveredEvent,
  EngineSession,
  type BackendChoice,
  type BackendReport,
  type EngineCalls,
  type ImageHandle,
  type ImageSource,
  type NetworkHandle,
  type NetworkSource,
  type NetworkSummary,
} from '@convlens/engine';
import type { LensError } from '@convlens/onnx';

/** An engine that opens whatever it is asked for at once, and remembers what is open. */
export class FakeEngine extends EventTarget implements EngineCalls {
  /** What is open: `vgg11`, `lemon`; one of each that was opened and not given back. */
  readonly open: string[] = [];
  /** What cannot be had, and why. */
  readonly refused = new Map<string, LensError>();
  /** What was asked for, in order. */
  readonly asked: string[] = [];
  backend: BackendReport | undefined;

  /** A session of it. */
  session(): EngineSession {
    return new EngineSession(this);
  }

  /** Says that another worker has taken over. */
  recover(reason: string): void {
    this.dispatchEvent(new EngineRecoveredEvent(reason));
  }

  #hold(name: string): () => void {
    this.asked.push(name);
    const refusal = this.refused.get(name);
    if (refusal) throw refusal;
    this.open.push(name);
    return () => this.open.splice(this.open.indexOf(name), 1);
  }

  async openNetwork({ id, knowledge }: NetworkSource): Promise<NetworkHandle> {
    const dispose = this.#hold(id);
    const title = knowledge?.title ?? id;
    const summary = { id, title, layers: [], classes: knowledge?.classes };
    return Promise.resolve({
      id: id as NetworkHandle['id'],
      summary: summary as unknown as NetworkSummary,
      [Symbol.dispose]: dispose,
    });
  }

  async openImage({ what = '' }: ImageSource): Promise<ImageHandle> {
    const dispose = this.#hold(what);
    return Promise.resolve({
      id: what as ImageHandle['id'],
      width: 8,
      height: 8,
      [Symbol.dispose]: dispose,
    });
  }

  async useBackend(choice: BackendChoice): Promise<BackendReport> {
    this.asked.push(choice);
    const refusal = this.refused.get(choice);
    if (refusal) throw refusal;
    this.backend = {
      backend: 'wasm',
      runtime: 'ort-wasm',
      threads: 1,
      reason: 'There is no WebGPU here.',
      startMs: 0,
      failed: [],
    };
    return Promise.resolve(this.backend);
  }

  run(): Promise<never> {
    return Promise.reject(new Error('The fake engine does no jobs.'));
  }

  memory(): Promise<never> {
    return Promise.reject(new Error('The fake engine counts no memory.'));
  }
}
