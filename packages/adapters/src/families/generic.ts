import { endsUnit, Names, shortKind, type Recognition } from '../names.js';
import type { Step } from '../skeleton.js';
import { areaOf, isConv, trunkOf } from '../structure.js';
import type { Parts } from './chain.js';
import { isFire, isInception, nameBranches, type Branching } from './inception.js';

type Style = 'googlenet' | 'squeezenet' | 'plain';

/** Inception blocks between the pooling layers of GoogLeNet: 3a-3b, 4a-4e, 5a-5b. */
const INCEPTIONS = [2, 5, 2];

/** What lies between neighbours of the trunk. */
function branchings(steps: readonly Step[], trunk: ReadonlySet<Step>): Map<Step, Branching> {
  const found = new Map<Step, Branching>();
  let inner: Step[] = [];
  for (const step of steps) {
    if (!trunk.has(step)) inner.push(step);
    else {
      if (inner.length > 0) found.set(step, { inner, join: step });
      inner = [];
    }
  }
  return found;
}

function styleOf(blocks: ReadonlyMap<Step, Branching>, counts: readonly number[]): Style {
  const all = [...blocks.values()];
  if (all.every(isInception) && counts.join() === INCEPTIONS.join()) return 'googlenet';
  return all.length > 3 && all.every(isFire) ? 'squeezenet' : 'plain';
}

/** How many blocks lie between poolings of the trunk, where there are any. */
function blocksPerStage(trunk: readonly Step[], blocks: ReadonlyMap<Step, Branching>) {
  const counts = [0];
  for (const step of trunk) {
    if (blocks.has(step)) counts.push((counts.pop() ?? 0) + 1);
    else if (step.kind === 'pool') counts.push(0);
  }
  return counts.filter((count) => count > 0);
}

function titleOf(style: Style, parts: Parts, blocks: number): string {
  if (style === 'googlenet') return 'GoogLeNet';
  const kernel = parts.convs[0]!.kernel[0];
  if (style === 'squeezenet') {
    return blocks === 8 && kernel !== undefined
      ? `SqueezeNet 1.${kernel === 3 ? 1 : 0}`
      : 'SqueezeNet';
  }
  const count = parts.convs.length;
  return `CNN with ${count} convolution${count === 1 ? '' : 's'}`;
}

/** Number and letter of the inception blocks in order: 3a, 3b, 4a, ... */
function inceptionNames(): readonly string[] {
  return INCEPTIONS.flatMap((count, stage) =>
    Array.from({ length: count }, (_, at) => `inception_${stage + 3}${'abcde'[at]}`),
  );
}

/**
 * Any other network: the trunk is numbered `conv1`, `relu1`, `pool1`, ...; what branches off and joins again is a
 * block. A change of extent begins a stage. GoogLeNet and SqueezeNet get the names that they are known by.
 *
 * @param parts the network
 */
export function recogniseGeneric(parts: Parts): Recognition {
  const { steps, dense, start } = parts;
  const trunk = trunkOf(steps, start);
  const blocks = branchings(steps, new Set(trunk));
  const style = styleOf(blocks, blocksPerStage(trunk, blocks));
  const names = new Names();
  const count = { conv: 0, pool: 0, block: 0, dense: 0 };
  const blockIds = inceptionNames();
  const squeezes = new Set(style === 'squeezenet' ? [...blocks.values()].map(squeezeOf) : []);
  let area = 0;
  let stageNumber = 0;
  /** Number of the latest convolution, fire module or dense layer of the trunk. */
  let label = '';
  let block: string | undefined;

  for (const step of trunk) {
    if (step.kind !== 'pool' && areaOf(step) !== area) {
      area = areaOf(step);
      stageNumber += 1;
    }
    const isTail = count.dense > 0 || dense.includes(step) || (isGlobal(step) && dense.length > 0);
    const stage = isTail ? 'classifier' : `stage${Math.max(stageNumber, 1)}`;
    const branching = blocks.get(step);
    if (branching !== undefined) {
      count.block += 1;
      if (style === 'squeezenet') count.conv = Number(label);
      block = blockId(style, blockIds, label, count.block);
      nameBlock(branching, names, block, stage, style);
      continue;
    }
    if (squeezes.has(step)) {
      label = String(Number(label) + 1);
      block = `fire${label}`;
      names.add(step, `${block}.squeeze1x1`, stage, false, block);
      continue;
    }
    if (block !== undefined && (step.kind === 'activation' || step.kind === 'norm')) {
      const [before] = step.inputs;
      const squeezed = before !== undefined && squeezes.has(before);
      const id = shortKind(step) + (squeezed ? '_squeeze1x1' : '');
      names.add(step, `${block}.${id}`, stage, !squeezed, block);
      continue;
    }
    block = undefined;
    if (dense.includes(step) && step.kind === 'dense') {
      count.dense += 1;
      label = dense.length === 1 ? '' : String(count.dense);
      names.add(step, `fc${label}`, stage);
    } else if (style === 'googlenet' && isConv(step, 1)) {
      label = `${count.conv + 1}_reduce`;
      names.add(step, `conv${label}`, stage);
    } else if (step.kind === 'conv') {
      count.conv += 1;
      if (dense.includes(step)) count.dense += 1;
      label = String(count.conv);
      names.add(step, `conv${label}`, stage, step === parts.convs[0] || undefined);
    } else if (step.kind === 'pool') {
      count.pool += 1;
      const number = style === 'squeezenet' ? label : count.pool;
      const global = isGlobal(step) && style !== 'squeezenet';
      names.add(step, global ? 'avgpool' : `pool${number}`, stage);
    } else if (step.kind === 'activation' || step.kind === 'norm') {
      names.add(step, `${shortKind(step)}${label}`, stage);
    }
  }
  return { family: 'generic', title: titleOf(style, parts, blocks.size), names };
}

/** Pooling of a whole map to one number a channel. */
function isGlobal(step: Step): boolean {
  return step.kind === 'pool' && areaOf(step) === 1;
}

/** The convolution of a fire module that both branches read, through its activation. */
function squeezeOf({ inner }: Branching): Step | undefined {
  let at = inner[0]?.inputs[0];
  while (at !== undefined && at.kind !== 'conv') at = at.inputs[0];
  return at;
}

function blockId(style: Style, ids: readonly string[], label: string, count: number): string {
  if (style === 'googlenet') return ids[count - 1] ?? `inception_${count}`;
  return style === 'squeezenet' ? `fire${label}` : `block${count}`;
}

function nameBlock(
  branching: Branching,
  names: Names,
  block: string,
  stage: string,
  style: Style,
): void {
  if (style !== 'plain') {
    nameBranches(branching, names, block, stage, style === 'squeezenet' ? 'expand' : '');
  } else {
    const count = new Map<string, number>();
    for (const step of branching.inner) {
      const kind = shortKind(step);
      const number = (count.get(kind) ?? 0) + 1;
      count.set(kind, number);
      names.add(step, `${block}.${kind}${number}`, stage, false, block);
    }
  }
  names.add(branching.join, block, stage, endsUnit(branching.join), block);
}
