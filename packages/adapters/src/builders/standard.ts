import { LensError, type Graph } from '@convlens/onnx';
import { buildAlexNet } from './alexnet.js';
import { buildDenseNet } from './densenet.js';
import { buildResNet } from './resnet.js';
import { standardNames } from './standard-names.js';
import { buildVgg } from './vgg.js';

const BUILDERS: Readonly<Record<string, () => Graph>> = {
  'alexnet-224': () => buildAlexNet({ fold: true }),
  'vgg16-224': () => buildVgg({ depth: 16, fold: true, classifier: false }),
  'resnet18-224': () => buildResNet({ depth: 18, fold: true }),
  'resnet50-224': () => buildResNet({ depth: 50, fold: true }),
  'densenet121-224': () => buildDenseNet({ depth: 121, fold: true }),
};

/**
 * Builds one of `standardNames`, with seeded weights and an open batch.
 *
 * @param id which one
 * @throws LensError `E_ARGUMENT` for an id that is none of them
 */
export function buildStandard(id: string): Graph {
  const build = Object.hasOwn(BUILDERS, id) ? BUILDERS[id] : undefined;
  if (build) return build();
  const ids = standardNames.map((one) => one.id).join(', ');
  throw new LensError('E_ARGUMENT', `Expected a network of ${ids}, got "${id}".`);
}
