import { Names, shortKind, type Recognition } from '../names.js';
import type { Step } from '../skeleton.js';
import { convsOf, pathBack } from '../structure.js';
import type { Parts } from './chain.js';
import { nameTail } from './tail.js';

const DEPTHS: Readonly<Record<string, number>> = {
  '6,12,24,16': 121,
  '6,12,36,24': 161,
  '6,12,32,32': 169,
  '6,12,48,32': 201,
};

/** A dense block: the concatenations that begin with the same map. */
interface DenseBlock {
  /** The map that the block begins with, then the new features of each layer. */
  readonly parts: readonly Step[];
  /** The steps of each layer, its new features last. */
  readonly layers: readonly (readonly Step[])[];
  /** Concatenations, by how many parts they put together. */
  readonly concats: readonly Step[];
}

/** The maps that a concatenation puts together, with concatenations of concatenations opened. */
function partsOf(step: Step, known: Map<Step, readonly Step[]>): readonly Step[] {
  if (step.kind !== 'concat') return [step];
  const found = known.get(step) ?? step.inputs.flatMap((input) => partsOf(input, known));
  known.set(step, found);
  return found;
}

/** The layer that computes the `at`-th part: it must read exactly the parts before. */
function layerOf(parts: readonly Step[], at: number, known: Map<Step, readonly Step[]>) {
  const path = pathBack(parts[at]!);
  const last = path.findIndex((step, index) => {
    if (at === 1 && step === parts[0]) return true;
    return index > 0 && step.kind === 'concat' && known.get(step)?.length === at;
  });
  const reads = path[last];
  if (reads === undefined || partsOf(reads, known).some((part, i) => part !== parts[i])) return;
  const layer = path.slice(0, last).reverse();
  const convs = convsOf(layer).length;
  return convs === 1 || convs === 2 ? layer : undefined;
}

function blocksOf(steps: readonly Step[]): readonly DenseBlock[] | undefined {
  const known = new Map<Step, readonly Step[]>();
  const groups = new Map<Step, Step[]>();
  for (const step of steps) {
    const first = step.kind === 'concat' ? partsOf(step, known)[0] : undefined;
    if (first !== undefined) groups.set(first, [...(groups.get(first) ?? []), step]);
  }
  const blocks: DenseBlock[] = [];
  for (const concats of groups.values()) {
    const parts = known.get(concats.at(-1)!) ?? [];
    if (concats.length < 2 || concats.length !== parts.length - 1) return;
    const layers = parts.slice(1).map((_, at) => layerOf(parts, at + 1, known));
    if (layers.includes(undefined)) return;
    blocks.push({ parts, concats, layers: layers.filter((layer) => layer !== undefined) });
  }
  return blocks.length > 0 ? blocks : undefined;
}

function titleOf(blocks: readonly DenseBlock[], transition: readonly Step[]): string {
  const counts = blocks.map((block) => block.layers.length);
  const known = DEPTHS[counts.join()];
  if (known !== undefined) return `DenseNet-${known}`;
  const bottleneck = convsOf(blocks[0]?.layers[0] ?? []).length === 2 ? 'B' : '';
  const [compress] = convsOf(transition);
  const narrows = (compress?.shape[0] ?? 0) < (compress?.inputs[0]?.shape[0] ?? 0) ? 'C' : '';
  const variant = bottleneck || narrows ? `-${bottleneck}${narrows}` : '';
  return `DenseNet${variant}, blocks ${counts.join('-')}`;
}

/**
 * DenseNet (Huang et al. 2016): blocks in which every layer reads all maps before it, put together at once or one
 * after the other; with bottlenecks or without; between blocks a convolution and pooling.
 *
 * @param parts the network
 */
export function recogniseDenseNet(parts: Parts): Recognition | undefined {
  const blocks = blocksOf(parts.steps);
  if (blocks === undefined) return;
  const names = new Names();
  const ways = blocks.map((block, at) => {
    const end = at === 0 ? parts.start : blocks[at - 1]?.concats.at(-1);
    const path = pathBack(block.parts[0]!);
    const length = path.findIndex((step) => step === end);
    return length < 0 ? undefined : path.slice(0, length).reverse();
  });
  const [stem = []] = ways;
  if (ways.includes(undefined) || convsOf(stem).length === 0) return;

  for (const step of stem) {
    const main = step === parts.convs[0] || undefined;
    names.add(step, `${shortKind(step)}0`, 'stem', main);
  }
  blocks.forEach((block, at) => {
    nameBlock(block, names, `denseblock${at + 1}`);
    const way = ways[at + 1];
    if (way === undefined) return;
    const stage = `transition${at + 1}`;
    for (const step of way) {
      const last = step === way.at(-1);
      names.add(step, last ? stage : `${stage}.${shortKind(step)}`, stage, last);
    }
  });
  for (const step of parts.steps) {
    const id = `${shortKind(step)}${blocks.length + 1}`;
    if (/norm|activation/.test(step.kind)) names.add(step, id, `denseblock${blocks.length}`);
  }
  nameTail(parts, names, 'classifier');
  return { family: 'densenet', title: titleOf(blocks, ways[1] ?? []), names };
}

function nameBlock({ layers, concats }: DenseBlock, names: Names, stage: string): void {
  layers.forEach((layer, at) => {
    const block = `${stage}.denselayer${at + 1}`;
    const inner = (step: Step, name: string) => {
      names.add(step, `${block}.${name}`, stage, false, block);
    };
    const before = at === 0 ? undefined : concats[at - 1];
    if (before !== undefined) inner(before, 'concat');
    let conv = 1;
    for (const step of layer) {
      if (step === layer.at(-1)) names.add(step, block, stage, true, block);
      else inner(step, `${shortKind(step)}${step.kind === 'conv' ? conv++ : conv}`);
    }
  });
  const last = concats.at(-1);
  if (last !== undefined) names.add(last, stage, stage, true);
}
