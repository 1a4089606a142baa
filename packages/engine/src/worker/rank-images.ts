import type { Network } from '@convlens/adapters';
import { emptyRanking, findLayer, rankImage, type FeatureMaps } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { LensError, type TensorData } from '@convlens/onnx';
import type { RankingAnswer, RankingRequest } from '../shared/api.js';
import type { Job } from './jobs.js';

/** Reads one image of a set. */
export type ReadImage = (source: RankingRequest['images'][number]) => Promise<Pixels>;

/**
 * Ranks images one after the other: the next one is decoded while the network runs, and no more are held than these two.
 *
 * @throws LensError `E_ABORTED` between two images when the job is cancelled; what was ranked in this call is lost then
 */
export async function rankImages({
  job,
  network,
  maps,
  request,
  readImage,
  toTensor,
}: {
  readonly job: Job;
  readonly network: Network;
  readonly maps: FeatureMaps;
  readonly request: RankingRequest;
  readonly readImage: ReadImage;
  readonly toTensor: (pixels: Pixels) => TensorData<'float32'>;
}): Promise<Pick<RankingAnswer, 'ranking' | 'unreadable'>> {
  const { images } = request;
  const { value, shape } = findLayer(network, request.layer);
  const ranking = structuredClone(request.ranking ?? emptyRanking(shape));
  const unreadable: RankingAnswer['unreadable'][number][] = [];
  const start = async (at: number): Promise<Pixels | Error | undefined> => {
    try {
      return images[at] && (await readImage(images[at]));
    } catch (error) {
      // Whatever keeps an image from being read, the others are ranked.
      return error instanceof Error ? error : new LensError('E_IMAGE', String(error));
    }
  };
  let next = start(0);
  for (const [at, { index }] of images.entries()) {
    const pixels = (await next)!;
    next = start(at + 1);
    job.check();
    if (pixels instanceof Error) {
      unreadable.push({ index, message: pixels.message });
    } else {
      const activations = await maps.read(toTensor(pixels), [value], { alone: true });
      rankImage(ranking, index, activations.get(value)!);
    }
    job.report({ stage: 'run', what: request.layer, loaded: at + 1, total: images.length });
  }
  return { ranking, unreadable };
}
