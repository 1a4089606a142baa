import { emptyRanking, findLayer, rankImage } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { LensError } from '@convlens/onnx';
import type { RankingAnswer, RankingRequest } from '../../shared/api.js';
import { inputOf, type Job } from './job.js';
import { featureMaps } from './maps.js';

/**
 * The strongest answers of a layer's channels over images of a set. Images are ranked one after the other: the next one is
 * decoded while the network runs, and no more are held than these two. The ranking is the caller's: a large set is ranked in
 * several calls, and one that was cancelled or lost is made again.
 *
 * @throws LensError `E_SHAPE` when the ranking so far is of another layer; `E_ABORTED` between two images when the call is
 *   cancelled; what was ranked in this call is lost then
 */
export const job: Job<RankingRequest, RankingAnswer> = {
  run(desk, { network: id, layer, images, ranking: known }) {
    const network = desk.network(id);
    const began = performance.now();
    return desk.onRuntime(async (on) => {
      const maps = featureMaps(desk, on, network);
      const { value, shape } = findLayer(network, layer);
      const ranking = structuredClone(known ?? emptyRanking(shape));
      const unreadable: RankingAnswer['unreadable'][number][] = [];
      const start = async (at: number): Promise<Pixels | Error | undefined> => {
        try {
          return images[at] && (await desk.readImage(images[at]));
        } catch (error) {
          // Whatever keeps an image from being read, the others are ranked.
          return error instanceof Error ? error : new LensError('E_IMAGE', String(error));
        }
      };
      let next = start(0);
      for (const [at, { index }] of images.entries()) {
        const pixels = (await next)!;
        next = start(at + 1);
        desk.check();
        if (pixels instanceof Error) {
          unreadable.push({ index, message: pixels.message });
        } else {
          const input = inputOf(network, pixels);
          const activations = await maps.read(input, [value], { alone: true });
          rankImage(ranking, index, activations.get(value)!);
        }
        desk.report({ stage: 'run', what: layer, loaded: at + 1, total: images.length });
      }
      return { ranking, unreadable, backend: on.report, runMs: performance.now() - began };
    });
  },
};
