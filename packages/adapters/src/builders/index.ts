/**
 * The four architectures as graphs with seeded weights. An entry point of its own, so that an application that only
 * reads networks does not carry the code that makes them.
 */
export { buildAlexNet, type AlexNetOptions } from './alexnet.js';
export { buildDenseNet, type DenseNetOptions } from './densenet.js';
export type { BuilderOptions } from './options.js';
export { fillNormal, randomWords } from './random.js';
export { buildResNet, type ResNetOptions } from './resnet.js';
export { buildStandard } from './standard.js';
export { standardNames } from './standard-names.js';
export { buildVgg, type VggOptions } from './vgg.js';
