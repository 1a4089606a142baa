import type { Network } from '@convlens/adapters';
import { FeatureMaps } from '@convlens/core';
import type { Desk, OnRuntime } from './job.js';

/**
 * What reads the layers of a network, shared by all jobs that do.
 *
 * @param desk told when it must be prepared
 * @param on the runtime
 * @param network the network
 */
export function featureMaps(
  desk: Pick<Desk, 'report'>,
  on: OnRuntime,
  network: Network,
): FeatureMaps {
  return on.borrow(network, 'maps', () => {
    desk.report({ stage: 'compile', what: network.title });
    return new FeatureMaps(network, on.runtime.executor, { float16: true });
  });
}
