import { Names } from '../names.js';
import type { Step } from '../skeleton.js';

/** Parts of a network that every recogniser is given. */
export interface Parts {
  /** Where it begins: the image, or the image normalised. */
  readonly start: Step;
  /** The steps that normalise the image; the last one is `start`. */
  readonly normalisation: readonly Step[];
  /** The steps after `start`, in order. */
  readonly steps: readonly Step[];
  /** Dense layers at the end. */
  readonly dense: readonly Step[];
  /** Convolutions that are not dense layers, in order. */
  readonly convs: readonly Step[];
  /** Whether the file has batch normalisation after convolutions, folded by now or not. */
  readonly batchNorm: boolean;
}

/**
 * Names the steps of a network without branches, as Caffe did: `conv1`, `relu1`, `pool1`, ..., `fc6`, `relu6`.
 *
 * @param parts the network
 * @param suffixes of the convolutions: `1`, `2` or `1_1`, `1_2`; what stands before `_` is the stage
 * @param norm what a batch normalisation is called
 */
export function nameChain(parts: Parts, suffixes: readonly string[], norm: string): Names {
  const names = new Names();
  const first = parts.convs[0];
  let conv = 0;
  let suffix = '';
  let stage = '';
  let dense = Number(suffixes.at(-1)?.split('_')[0] ?? 0);
  const pooled = new Set<string>();
  for (const step of parts.steps) {
    if (parts.dense.includes(step)) {
      dense += 1;
      suffix = String(dense);
      stage = 'classifier';
      names.add(step, `fc${suffix}`, stage);
    } else if (step.kind === 'conv') {
      suffix = suffixes[conv] ?? String(conv + 1);
      conv += 1;
      stage = `conv${suffix.split('_')[0]}`;
      names.add(step, `conv${suffix}`, stage, step === first || undefined);
    } else if (step.kind === 'pool') {
      const id = pooled.has(stage) ? 'avgpool' : stage.replace('conv', 'pool');
      pooled.add(stage);
      names.add(step, id, stage);
    } else if (step.kind === 'activation') {
      names.add(step, `relu${suffix}`, stage);
    } else if (step.kind === 'norm') {
      names.add(step, `${step.op === 'LRN' ? 'norm' : norm}${suffix}`, stage);
    }
  }
  return names;
}

/** How many convolutions each stage has; pooling ends a stage, and pooling twice ends one only. */
export function convsPerStage(parts: Parts): readonly number[] {
  const counts = [0];
  for (const step of parts.steps) {
    const last = counts.length - 1;
    if (parts.convs.includes(step)) counts[last] = (counts[last] ?? 0) + 1;
    else if (step.kind === 'pool' && counts[last] !== 0) counts.push(0);
  }
  return counts.filter((count) => count > 0);
}
