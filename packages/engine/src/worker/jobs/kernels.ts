import { kernels, type Kernels } from '@convlens/core';
import type { KernelsRequest } from '../../shared/api.js';
import type { Job } from './job.js';

/** Weights of a layer as pictures; needs no runtime. */
export const job: Job<KernelsRequest, Kernels> = {
  run: (desk, { network, layer }) => Promise.resolve(kernels(desk.network(network), layer)),
};
