import { decisionPlane, divergence, robustnessCurves, transferMatrix } from '@convlens/core';
import type {
  CurveAnswer,
  CurveJob,
  DivergenceAnswer,
  DivergenceJob,
  PlaneAnswer,
  PlaneJob,
  TransferAnswer,
  TransferJob,
} from '../../shared/lab.js';
import type { Table } from './table.js';

/**
 * Accuracy over epsilon.
 *
 * @param table network, images, job
 * @param request attacks and epsilons
 * @throws LensError as `robustnessCurves` does
 */
export async function runCurve(
  table: Table,
  { network, images, attacks, epsilons, seed }: CurveJob,
): Promise<CurveAnswer> {
  const set = await table.set(images, network);
  const curves = await robustnessCurves(table.classifier(network), {
    ...set,
    attacks,
    epsilons,
    seed,
    onProgress: async ({ done, total, curves }) => {
      await table.rest();
      table.report('curve', done, total, { curves });
    },
  });
  return { curves };
}

/**
 * What was made to fool one network, shown to all.
 *
 * @param table networks, images, job
 * @param request the attack
 * @throws LensError as `transferMatrix` does
 */
export async function runTransfer(
  table: Table,
  { networks, images, method, settings, seed }: TransferJob,
): Promise<TransferAnswer> {
  const all = [];
  for (const id of networks) {
    const { title, classes } = table.network(id);
    const set = await table.set(images, id);
    all.push({ title, classifier: table.classifier(id), ...(classes && { classes }), ...set });
  }
  const rows = await transferMatrix(all, {
    method,
    seed,
    ...(settings && { settings }),
    onProgress: async ({ done, total, rows }) => {
      await table.rest();
      table.report('networks', done, total, { rows });
    },
  });
  return { rows };
}

/**
 * Where in a network two images part.
 *
 * @param table network, images, job
 * @param request which
 * @throws LensError as `divergence` does
 */
export async function runDivergence(
  table: Table,
  { network, image, attacked }: DivergenceJob,
): Promise<DivergenceAnswer> {
  const classifier = table.classifier(network);
  const layers = await divergence(table.network(network), table.maps(network), {
    original: table.planes(image, classifier),
    attacked: table.planes(attacked, classifier),
  });
  return { layers };
}

/**
 * The classes on a plane through two images.
 *
 * @param table network, images, job
 * @param request which, and how finely
 * @throws LensError as `decisionPlane` does
 */
export async function runPlane(
  table: Table,
  { network, image, attacked, side, seed }: PlaneJob,
): Promise<PlaneAnswer> {
  const classifier = table.classifier(network);
  const plane = await decisionPlane(classifier, {
    original: table.planes(image, classifier),
    attacked: table.planes(attacked, classifier),
    side,
    seed,
    onProgress: async ({ done, total }) => {
      await table.rest();
      table.report('places', done, total);
    },
  });
  return { plane };
}
