import { Names, type Recognition } from '../names.js';
import type { Step } from '../skeleton.js';
import { convsOf, groupsOf, isConv, pathBack } from '../structure.js';
import type { Parts } from './chain.js';
import { nameTail } from './tail.js';

/** A residual block: a branch and a shortcut that an addition joins. */
interface Block {
  readonly add: Step;
  /** The step that both ways begin at. */
  readonly from: Step;
  readonly branch: readonly Step[];
  readonly shortcut: readonly Step[];
}

const BASIC: Readonly<Record<string, number>> = { '2,2,2,2': 18, '3,4,6,3': 34 };
const BOTTLENECK: Readonly<Record<string, number>> = {
  '3,4,6,3': 50,
  '3,4,23,3': 101,
  '3,8,36,3': 152,
};

function blockOf(add: Step): Block | undefined {
  const [a, b] = add.inputs;
  if (a === undefined || b === undefined || add.inputs.length > 2) return;
  const one = pathBack(a);
  const other = pathBack(b);
  const from = one.find((step) => other.includes(step));
  if (from === undefined) return;
  const ways = [one, other].map((way) => way.slice(0, way.indexOf(from)).reverse());
  ways.sort((left, right) => convsOf(right).length - convsOf(left).length);
  const [branch = [], shortcut = []] = ways;
  return { add, from, branch, shortcut };
}

/** A step that may stand in front of a pre-activated convolution. */
function isPrelude(step: Step): boolean {
  return step.kind === 'norm' || step.kind === 'activation';
}

/** 2 for basic blocks (3x3, 3x3), 3 for bottlenecks (1x1, 3x3, 1x1), 0 for anything else. */
function convCount({ branch, shortcut }: Block): number {
  const convs = convsOf(branch);
  const kernels = convs.length === 2 ? [3, 3] : [1, 3, 1];
  const fits = convs.length === kernels.length && convsOf(shortcut).length <= 1;
  return fits && convs.every((conv, at) => isConv(conv, kernels[at] ?? 0)) ? convs.length : 0;
}

/**
 * Whether normalisation and activation come before the convolutions (He et al. 2016, "Identity Mappings"): a branch
 * beside a bare shortcut begins with them, or nothing but normalisation reads a sum.
 */
function isPreActivated(blocks: readonly Block[]): boolean {
  const bare = blocks.find(({ shortcut }) => shortcut.length === 0);
  if (bare !== undefined) return bare.branch[0]?.kind !== 'conv';
  return blocks.every(({ add }) => add.users[0]?.kind === 'norm');
}

/** Blocks grouped by stage: a change of channels or extent begins one. */
function stagesOf(blocks: readonly Block[]): readonly Block[][] {
  const stages: Block[][] = [];
  for (const block of blocks) {
    const last = stages.at(-1);
    if (last?.[0]?.add.shape.join() === block.add.shape.join()) last.push(block);
    else stages.push([block]);
  }
  return stages;
}

function titleOf(blocks: readonly Block[], stages: readonly Block[][], isV2: boolean): string {
  const perBlock = convCount(blocks[0]!);
  const counts = stages.map((stage) => stage.length);
  const depth = perBlock * blocks.length + 2;
  const known = (perBlock === 2 ? BASIC : BOTTLENECK)[counts.join()];
  const [first] = counts;
  const forCifar = counts.length === 3 && counts.every((count) => count === first);
  const [, middle, last] = convsOf(blocks[0]?.branch ?? []);
  let title = 'ResNet';
  if (middle !== undefined && last !== undefined) {
    if (groupsOf(middle) > 1) title = 'ResNeXt';
    else if ((last.shape[0] ?? 0) < 4 * (middle.shape[0] ?? 0)) title = 'Wide ResNet';
  }
  title += `-${known ?? depth}`;
  if (isV2) title += ' v2';
  if (known !== undefined) return title;
  return forCifar ? `${title} for CIFAR` : `${title}, blocks ${counts.join('-')}`;
}

/**
 * ResNet (He et al. 2015): a stem, then nothing but residual blocks of one kind. Versions 1 and 1.5 (post-activation,
 * stride in the 1x1 or the 3x3), version 2 (pre-activation), the narrow three-stage ones for CIFAR with shortcuts
 * by projection or by slicing and padding; ResNeXt and wide ones as variants.
 *
 * @param parts the network
 */
export function recogniseResNet(parts: Parts): Recognition | undefined {
  const adds = parts.steps.filter((step) => step.kind === 'add');
  const blocks = adds.map(blockOf).filter((block) => block !== undefined);
  const [first] = blocks;
  if (first === undefined || blocks.length !== adds.length) return;
  const count = convCount(first);
  if (count === 0 || blocks.some((block) => convCount(block) !== count)) return;
  const isV2 = isPreActivated(blocks);
  const stages = stagesOf(blocks);
  const names = new Names();

  const stem = nameStem(parts, names, first, isV2);
  const inBlocks = blocks.flatMap(({ branch, shortcut }) => convsOf([...branch, ...shortcut]));
  if (stem + inBlocks.length !== parts.convs.length) return;

  stages.forEach((stage, at) => {
    stage.forEach((block, index) => {
      nameBlock(block, names, `layer${at + 1}`, `layer${at + 1}.${index}`, isV2);
    });
  });
  for (const step of parts.steps) {
    if (step.kind === 'norm') names.add(step, 'post_bn', `layer${stages.length}`);
    if (step.kind === 'activation') names.add(step, 'post_relu', `layer${stages.length}`);
  }
  nameTail(parts, names, 'fc');
  return { family: 'resnet', title: titleOf(blocks, stages, isV2), names };
}

/** Names what comes before the blocks and says how many convolutions it has. */
function nameStem(parts: Parts, names: Names, first: Block, isV2: boolean): number {
  const back = pathBack(first.from);
  const stem = back.slice(0, back.indexOf(parts.start)).reverse();
  // The normalisation and activation in front of a pre-activated block belong to the block.
  for (let last = stem.at(-1); isV2 && last && isPrelude(last); last = stem.at(-1)) stem.pop();
  const convs = convsOf(stem);
  let at = 0;
  for (const step of stem) {
    if (step.kind === 'conv') at += 1;
    const suffix = convs.length > 1 ? at : '';
    if (step.kind === 'conv') names.add(step, `conv${at}`, 'stem', at === 1 || undefined);
    else if (step.kind === 'norm') names.add(step, `bn${at}`, 'stem');
    else if (step.kind === 'activation') names.add(step, `relu${suffix}`, 'stem');
    else names.add(step, 'maxpool', 'stem');
  }
  return convs.length;
}

function nameBlock(block: Block, names: Names, stage: string, id: string, isV2: boolean): void {
  const { add, from, branch, shortcut } = block;
  const put = (step: Step, name: string, main = false) =>
    names.add(step, `${id}.${name}`, stage, main, id);
  let at = isV2 ? 1 : 0;
  const before = isV2 ? pathBack(from) : [];
  const length = before.findIndex((step) => !isPrelude(step) || names.get(step) !== undefined);
  for (const step of [...before.slice(0, Math.max(length, 0)).reverse(), ...branch]) {
    if (step.kind === 'conv') {
      put(step, `conv${isV2 ? at : at + 1}`);
      at += 1;
    } else if (step.kind === 'norm') put(step, `bn${at}`);
    else if (step.kind === 'activation') put(step, `relu${at}`);
  }
  // The result of the shortcut is `downsample`, whatever computes it.
  [...shortcut].reverse().forEach((step, back) => {
    put(step, back === 0 ? 'downsample' : `downsample.${step.kind}`);
  });
  const [user] = add.users;
  const activated = !isV2 && add.users.length === 1 && user?.kind === 'activation';
  put(add, 'add', !activated);
  if (activated) put(user, 'relu', true);
}
