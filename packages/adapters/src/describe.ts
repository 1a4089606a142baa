import { inferShapes, LensError, simplify, type Graph } from '@convlens/onnx';
import type { Parts } from './families/chain.js';
import { recogniseAlexNet } from './families/alexnet.js';
import { recogniseDenseNet } from './families/densenet.js';
import { recogniseGeneric } from './families/generic.js';
import { recogniseResNet } from './families/resnet.js';
import { recogniseVgg } from './families/vgg.js';
import { imageGraph } from './image-input.js';
import { learntParameters, makeLayers } from './layers.js';
import { shortKind, type Name, type Recognition } from './names.js';
import type { Knowledge, Layer, Network } from './network.js';
import { imageNormalisation, preprocessingOf } from './preprocessing.js';
import { findScores, type Scores } from './scores.js';
import { makeSkeleton, type ShapeOf, type Skeleton, type Step } from './skeleton.js';
import { ancestors, areaOf, convsOf, groupsOf, trunkOf } from './structure.js';

/** From the most to the least particular. */
const RECOGNISERS = [recogniseAlexNet, recogniseVgg, recogniseDenseNet, recogniseResNet];

function checkConvolutions(graph: Graph): void {
  const count = new Map<string, number>();
  for (const { op } of graph.nodes) count.set(op, (count.get(op) ?? 0) + 1);
  if (count.has('Conv') || count.has('ConvTranspose')) return;
  const most = [...count].sort((a, b) => b[1] - a[1]).slice(0, 5);
  const list = most.map(([op, times]) => `${times} ${op}`).join(', ') || 'no operator at all';
  throw new LensError(
    'E_NO_CONVOLUTION',
    `The model has no convolution; it has ${list}. Choose a convolutional network for images.`,
  );
}

/** Outputs of convolutions that batch normalisation reads: what folding would take away. */
function beforeNorm(graph: Graph): string[] {
  const convs = new Set<string>();
  for (const node of graph.nodes) {
    if (node.op === 'Conv') for (const output of node.outputs) convs.add(output);
  }
  const norms = graph.nodes.filter((node) => node.op === 'BatchNormalization');
  return norms.map((node) => node.inputs[0] ?? '').filter((value) => convs.has(value));
}

function partsOf(skeleton: Skeleton, scores: Scores | undefined, batchNorm: boolean): Parts {
  const last = scores?.step ?? skeleton.steps.at(-1);
  const path = last === undefined ? new Set<Step>() : ancestors(last);
  const all = skeleton.steps.filter((step) => path.has(step));
  const normalisation = imageNormalisation(skeleton.image, all);
  const steps = all.slice(normalisation.length);
  const dense = scores?.dense ?? [];
  const convs = convsOf(steps);
  const maps = convs.filter((step) => !dense.includes(step));
  if (convs.length === 0) {
    throw new LensError('E_NO_CONVOLUTION', 'No convolution of the model reads its image.');
  }
  const start = normalisation.at(-1) ?? skeleton.image;
  return { start, normalisation, steps, dense, batchNorm, convs: maps.length > 0 ? maps : convs };
}

/** Every step has a name afterwards. */
function nameRest(skeleton: Skeleton, parts: Parts, { names }: Recognition): (step: Step) => Name {
  for (const step of [...parts.normalisation].reverse()) {
    names.add(step, 'input_norm', 'input', false);
  }
  for (const step of skeleton.steps) {
    const before = step.inputs.map((input) => names.get(input)).find((name) => name !== undefined);
    const stage = step.kind === 'softmax' ? 'classifier' : (before?.stage ?? 'other');
    names.add(step, shortKind(step), stage, false);
  }
  return (step) => names.get(step)!;
}

/** The last map that convolutions made, pooling and dense layers apart; with some extent when there is one. */
function lastMap({ steps, dense, start, convs }: Parts): Step {
  const end = steps.findIndex((step) => dense.includes(step));
  const maps = (end < 0 ? steps : steps.slice(0, end)).filter(
    ({ shape, kind }) => shape.length === 3 && /conv|norm|activation|add|concat/.test(kind),
  );
  const trunk = trunkOf(steps, start).filter((step) => maps.includes(step));
  const candidates = trunk.length > 0 ? trunk : maps;
  const last = candidates.findLast((step) => areaOf(step) > 1) ?? candidates.at(-1);
  return last ?? convs.at(-1)!;
}

function sayWhatIsMissing(layers: readonly Layer[], guesses: string[]): void {
  const ids = layers.flatMap(({ id, kind, weight }) => {
    return (kind === 'conv' || kind === 'dense') && weight === undefined ? [id] : [];
  });
  if (ids.length > 0) {
    guesses.push(`Weights: those of ${ids.join(', ')} are computed inside the graph.`);
  }
}

function classesOf(scores: Scores | undefined, knowledge: Knowledge, guesses: string[]) {
  const { classes } = knowledge;
  if (scores === undefined) return undefined;
  if (classes?.length === scores.classes) return classes;
  guesses.push(
    classes === undefined
      ? `Classes: the file does not name its ${scores.classes} classes.`
      : `Classes: ${classes.length} names do not fit ${scores.classes} scores and are not used.`,
  );
  return undefined;
}

/** What a description keeps. */
export interface DescribeOptions {
  /**
   * Whether to keep the graph as it was before it was simplified (`Network.unfolded`), for training. It holds the weights
   * of folded convolutions a second time.
   */
  readonly unfolded?: boolean;
}

/**
 * Says what a network is: its family, its layers under the names that people know, its preprocessing and its class
 * scores. Goes by the graph's structure alone - operators, kernels, connections - and not by any name in the file.
 * What had to be assumed is in `guesses`.
 *
 * The network's graph is simplified, with batch normalisation folded into the convolution before it. An open batch
 * stays open; an open image size is settled.
 *
 * @param file a graph as `read` returns it
 * @param knowledge what is known from elsewhere; goes before any guess
 * @param options what to keep besides
 * @throws LensError `E_NO_CONVOLUTION` when the model has none, `E_SHAPE` without a single input of rank 4 or when
 * shapes do not go together, `E_OP_UNSUPPORTED` for unknown operators, `E_ARGUMENT` for knowledge that cannot be
 */
export function describeNetwork(
  file: Graph,
  knowledge: Knowledge = {},
  { unfolded: keepsUnfolded = false }: DescribeOptions = {},
): Network {
  checkConvolutions(file);
  const guesses: string[] = [];
  const { graph: opened, name, shape } = imageGraph(file, knowledge, guesses);
  const unfolded = simplify(opened, { keep: beforeNorm(opened) });
  const graph = inferShapes(simplify(unfolded));
  const { values } = inferShapes(graph, { inputs: { [name]: [1, ...shape] } });
  const shapeOf: ShapeOf = (value) => {
    const dims = values.get(value)?.shape;
    const isKnown = dims?.every((dim) => typeof dim === 'number') === true;
    return isKnown ? dims : undefined;
  };

  const skeleton = makeSkeleton(graph, name, shapeOf);
  const scores = findScores(skeleton);
  const parts = partsOf(skeleton, scores, beforeNorm(unfolded).length > 0);
  let recognition: Recognition | undefined;
  for (const recognise of RECOGNISERS) recognition ??= recognise(parts);
  recognition ??= recogniseGeneric(parts);
  const nameOf = nameRest(skeleton, parts, recognition);
  const { family, title } = recognition;

  const scoresId = scores && nameOf(scores.step).id;
  const layers = makeLayers(skeleton.steps, nameOf, { graph, shapeOf }).map((layer) => {
    // A reshape may stand between the last layer and the scores; they are the same numbers.
    if (scores === undefined || layer.id !== scoresId || layer.value === scores.value) return layer;
    return { ...layer, value: scores.value, shape: [scores.classes] };
  });
  sayWhatIsMissing(layers, guesses);
  const isCaffe =
    skeleton.steps.some((step) => step.op === 'LRN') ||
    (family === 'alexnet' && parts.convs.some((conv) => groupsOf(conv) > 1)) ||
    /caffe/i.test(graph.producer);
  const preprocessing = preprocessingOf(
    graph,
    parts.normalisation,
    shape[0],
    isCaffe,
    knowledge,
    guesses,
  );
  const classes = classesOf(scores, knowledge, guesses);
  return {
    family,
    title: knowledge.title ?? title,
    graph,
    ...(keepsUnfolded && { unfolded: inferShapes(opened) }),
    input: { name, shape },
    preprocessing,
    ...(scores && { logits: { value: scores.value, classes: scores.classes } }),
    ...(classes && { classes }),
    layers,
    firstConv: nameOf(parts.convs[0]!).id,
    lastConv: nameOf(lastMap(parts)).id,
    classifier: parts.dense.map((step) => nameOf(step).id),
    parameters: learntParameters(unfolded),
    macs: layers.reduce((total, layer) => total + layer.macs, 0),
    guesses,
  };
}
