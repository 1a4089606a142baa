import type { Network } from '@convlens/adapters';
import { NetworkClassifier } from '@convlens/core';
import type { LabJob, LabAnswer } from '../../shared/lab.js';
import type { Job } from '../jobs.js';
import { poolOf, type Runtime } from '../runtime.js';
import { runAttack } from './attack.js';
import { runDefence } from './defence.js';
import { runFooling } from './fooling.js';
import { runCurve, runDivergence, runPlane, runTransfer } from './measurements.js';
import { runPatch } from './patch.js';
import { Table, type Shelf } from './table.js';
import { runUniversal } from './universal.js';

/**
 * The part of the engine that attacks networks on one runtime. Loaded when it is asked for. Between experiments it
 * keeps the programs of one network only.
 */
export class Lab {
  readonly #runtime: Runtime;
  readonly #classifiers = new Map<Network, NetworkClassifier>();

  /** @param runtime what runs the networks */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /**
   * Runs an experiment.
   *
   * @param job told of frames; ends it between two steps
   * @param request what to do
   * @param shelf what the engine has open
   * @throws LensError as the experiments do
   */
  async run(
    job: Job,
    request: LabJob,
    shelf: Shelf,
  ): Promise<Omit<LabAnswer, 'backend' | 'runMs'>> {
    let first: Network | undefined;
    const classifier = (network: Network): NetworkClassifier => {
      first ??= network;
      return this.#classifier(job, network);
    };
    const table = new Table(job, classifier, shelf);
    let kept: Network | undefined;
    try {
      const answer = await experiment(table, request);
      kept = first;
      return answer;
    } catch (error) {
      // What was prepared is good after a cancel; after a failure it may not be.
      if (job.signal.aborted) kept = first;
      throw error;
    } finally {
      await this.#keep(kept);
    }
  }

  #classifier(job: Job, network: Network): NetworkClassifier {
    let classifier = this.#classifiers.get(network);
    if (!classifier) {
      job.report({ stage: 'compile', what: network.title });
      const runtime = this.#runtime;
      classifier = new NetworkClassifier(network, runtime.executor, poolOf(runtime));
      this.#classifiers.set(network, classifier);
    }
    return classifier;
  }

  /** Frees the programs of all networks but one. */
  async #keep(network: Network | undefined): Promise<void> {
    for (const other of this.#classifiers.keys()) if (other !== network) await this.forget(other);
  }

  /** Frees the programs of a network. */
  async forget(network: Network): Promise<void> {
    const classifier = this.#classifiers.get(network);
    this.#classifiers.delete(network);
    // One that could not be prepared has nothing to free.
    await classifier?.dispose().catch(() => undefined);
  }

  /** Frees all programs. */
  async dispose(): Promise<void> {
    await this.#keep(undefined);
  }
}

function experiment(table: Table, request: LabJob): Promise<Omit<LabAnswer, 'backend' | 'runMs'>> {
  switch (request.kind) {
    case 'attack':
      return runAttack(table, request);
    case 'curve':
      return runCurve(table, request);
    case 'transfer':
      return runTransfer(table, request);
    case 'divergence':
      return runDivergence(table, request);
    case 'plane':
      return runPlane(table, request);
    case 'defence':
      return runDefence(table, request);
    case 'fooling':
      return runFooling(table, request);
    case 'universal':
      return runUniversal(table, request);
    case 'patch':
      return runPatch(table, request);
  }
}
