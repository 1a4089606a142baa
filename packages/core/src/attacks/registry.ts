import { apgd } from './apgd.js';
import { carliniWagner } from './carlini-wagner.js';
import { deepFool } from './deepfool.js';
import { fgsm } from './fgsm.js';
import { jsma } from './jsma.js';
import type { AttackMethod } from './method.js';
import { momentumAttack } from './momentum.js';
import { onePixel } from './one-pixel.js';
import { bim, pgd } from './pgd.js';
import { square } from './square.js';

/** All attacks, from the plainest on; those without gradients last. */
export const attackMethods: readonly AttackMethod[] = [
  fgsm,
  bim,
  pgd,
  momentumAttack,
  deepFool,
  carliniWagner,
  jsma,
  apgd,
  onePixel,
  square,
];
