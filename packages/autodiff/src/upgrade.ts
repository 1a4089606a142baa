import {
  floatAttribute,
  intAttribute,
  intsAttribute,
  LensError,
  valueNames,
  type Graph,
  type Node,
  type TensorData,
} from '@convlens/onnx';
import { int, text } from './attribute.js';
import { toFloats } from './emitter.js';

/** What a conversion can use. */
interface Conversion {
  readonly node: Node;
  /** Version of the operator set that the node was written for. */
  readonly opset: number;
  /** Stores a constant and names it. */
  readonly store: (label: string, tensor: TensorData) => string;
  /** Names a new value. */
  readonly fresh: (label: string) => string;
  /** The elements of a constant input. */
  readonly constant: (index: number) => TensorData | undefined;
  readonly rank: number | undefined;
  /** Type of the first input. */
  readonly floats: (data: readonly number[]) => TensorData;
}

type Convert = (conversion: Conversion) => Node | readonly Node[];

function integers(list: readonly number[]): TensorData {
  return { dtype: 'int64', shape: [list.length], data: BigInt64Array.from(list, BigInt) };
}

function without(node: Node, ...names: string[]): Node {
  const kept = Object.entries(node.attributes).filter(([name]) => !names.includes(name));
  return { ...node, attributes: Object.fromEntries(kept) };
}

/** The list of integers in an attribute as an input. */
function listToInput(name: string, index: number): Convert {
  return ({ node, store }) => {
    const list = intsAttribute(node, name, undefined);
    if (!list) return node;
    const inputs = Array.from({ length: index }, (_, i) => node.inputs[i] ?? '');
    return { ...without(node, name), inputs: [...inputs, store(name, integers(list))] };
  };
}

/** Version 10. */
const slice: Convert = ({ node, store }) => {
  const [starts, ends] = [intsAttribute(node, 'starts', []), intsAttribute(node, 'ends', [])];
  const axes = intsAttribute(
    node,
    'axes',
    starts.map((_, axis) => axis),
  );
  const lists = Object.entries({ starts, ends, axes });
  const inputs = lists.map(([name, list]) => store(name, integers(list)));
  return { ...without(node, 'starts', 'ends', 'axes'), inputs: [node.inputs[0]!, ...inputs] };
};

/** Version 11. */
const pad: Convert = ({ node, store, floats }) => {
  const pads = store('pads', integers(intsAttribute(node, 'pads', [])));
  const value = floatAttribute(node, 'value', 0);
  const inputs = [node.inputs[0]!, pads];
  if (value !== 0) inputs.push(store('value', floats([value])));
  return { ...without(node, 'pads', 'value'), inputs };
};

/** Version 11; infinite where the attribute was left out. */
const clip: Convert = ({ node, store, floats }) => {
  const bounds = ['min', 'max'].map((name) => {
    const value = floatAttribute(node, name, undefined);
    return value === undefined ? '' : store(name, floats([value]));
  });
  while (bounds.at(-1) === '') bounds.pop();
  return { ...without(node, 'min', 'max'), inputs: [node.inputs[0]!, ...bounds] };
};

/** Version 12 has the ratio as an input, which inference does not need; the mask is bool since version 10. */
const dropout: Convert = ({ node, opset, fresh }) => {
  const bare = without(node, 'ratio');
  const mask = node.outputs[1];
  if (!mask || opset >= 10) return bare;
  const flags = fresh(`${mask}_flags`);
  const cast: Node = {
    name: fresh(`${node.name}_mask`),
    op: 'Cast',
    domain: '',
    inputs: [flags],
    outputs: [mask],
    attributes: { to: int(1) },
  };
  return [{ ...bare, outputs: [node.outputs[0]!, flags] }, cast];
};

/**
 * Before version 14 of the operator set a BatchNormalization was training when its running averages were used; from then on
 * an attribute says so. The same graph with the attribute, so that it is known after it has been cut.
 *
 * @param graph any graph, whole
 */
export function markTraining(graph: Graph): Graph {
  if (graph.opset >= 14) return graph;
  const read = new Set(graph.outputs.map(({ name }) => name));
  for (const { inputs } of graph.nodes) for (const name of inputs) read.add(name);
  const nodes = graph.nodes.map((node): Node => {
    const trains =
      node.op === 'BatchNormalization' &&
      node.domain === '' &&
      node.outputs.slice(1).some((name) => name && read.has(name));
    return trains ? { ...node, attributes: { ...node.attributes, training_mode: int(1) } } : node;
  });
  return { ...graph, nodes };
}

/** Version 9 has no `spatial`, version 14 no outputs for training besides the running averages. */
const batchNormalization: Convert = ({ node }) => {
  if (intAttribute(node, 'spatial', 1) !== 1) {
    throw new LensError(
      'E_OP_UNSUPPORTED',
      `BatchNormalization "${node.name}" normalises every position by itself (spatial = 0), which newer operator sets do not have.`,
    );
  }
  const bare = without(node, 'spatial');
  if (intAttribute(node, 'training_mode', 0) !== 1)
    return { ...bare, outputs: node.outputs.slice(0, 1) };
  return { ...bare, outputs: node.outputs.slice(0, 3) };
};

/** Upsample, and Resize before version 11: coordinates were computed the simplest way. */
const resize: Convert = ({ node, store, constant }) => {
  const attribute = node.attributes.scales;
  const list = attribute?.type === 'floats' ? attribute.value : undefined;
  const scales = list
    ? store('scales', toFloats(list, [list.length], 'float32'))
    : (node.inputs[1] ?? '');
  const known = list ?? Array.from((constant(1)?.data ?? []) as ArrayLike<number>);
  const mode = node.attributes.mode?.type === 'string' ? node.attributes.mode.value : 'nearest';
  return {
    ...node,
    op: 'Resize',
    inputs: [node.inputs[0]!, '', scales],
    attributes: {
      mode: text(mode.includes('linear') ? 'linear' : mode),
      coordinate_transformation_mode: text('asymmetric'),
      // Runtimes rounded up where they made pictures smaller.
      nearest_mode: text(known.some((scale) => scale < 1) ? 'ceil' : 'floor'),
    },
  };
};

/** Before version 13, all axes from `axis` on were normalised together. */
const softmax: Convert = ({ node, rank, fresh }) => {
  const axis = intAttribute(node, 'axis', 1);
  if (rank !== undefined && (axis === -1 || axis === rank - 1)) {
    return { ...node, attributes: { axis: int(-1) } };
  }
  const make = (op: string, inputs: string[], output: string, attributes = {}): Node => ({
    name: fresh(`${node.name}_${op}`),
    op,
    domain: '',
    inputs,
    outputs: [output],
    attributes,
  });
  const x = node.inputs[0]!;
  const [flat, normal, shape] = ['flat', 'normal', 'shape'].map((label) =>
    fresh(`${node.name}_${label}`),
  ) as [string, string, string];
  return [
    make('Flatten', [x], flat, { axis: int(axis) }),
    { ...node, inputs: [flat], outputs: [normal], attributes: { axis: int(-1) } },
    make('Shape', [x], shape),
    make('Reshape', [normal, shape], node.outputs[0]!),
  ];
};

/** How nodes are rewritten, by operator; the number is the version that changed the operator. */
const conversions: Readonly<Record<string, readonly [number, Convert]>> = {
  BatchNormalization: [14, batchNormalization],
  Clip: [11, clip],
  Dropout: [12, dropout],
  Hardmax: [13, softmax],
  LogSoftmax: [13, softmax],
  Pad: [11, pad],
  ReduceSum: [13, listToInput('axes', 1)],
  Resize: [11, resize],
  Scatter: [11, ({ node }) => ({ ...node, op: 'ScatterElements' })],
  Slice: [10, slice],
  Softmax: [13, softmax],
  Split: [13, listToInput('split', 1)],
  Squeeze: [13, listToInput('axes', 1)],
  TopK: [
    10,
    ({ node, store }) => ({
      ...without(node, 'k'),
      inputs: [node.inputs[0]!, store('k', integers([intAttribute(node, 'k', 1)]))],
    }),
  ],
  Unsqueeze: [13, listToInput('axes', 1)],
  Upsample: [10, resize],
};

/**
 * The same function in version 17 of the operator set, from any version since 7: attributes that became inputs are
 * stored as constants, Upsample becomes Resize, Softmax that normalised several axes together is written out.
 * Nothing else about the nodes changes.
 *
 * @param whole a graph; one of version 17 or newer is returned as it is
 * @throws LensError `E_OP_UNSUPPORTED` for the few forms that version 17 cannot express
 */
export function upgrade(whole: Graph): Graph {
  if (whole.opset >= 17) return whole;
  const graph = markTraining(whole);
  const names = valueNames(graph);
  for (const { name } of graph.nodes) names.add(name);
  const initializers = new Map(graph.initializers);
  const fresh = (label: string): string => {
    let name = label;
    for (let count = 1; names.has(name); count++) name = `${label}_${count}`;
    names.add(name);
    return name;
  };
  const infos = new Map(graph.values);
  for (const info of graph.inputs) infos.set(info.name, info);
  const nodes = graph.nodes.flatMap((node) => {
    const [version, convert] = conversions[node.op] ?? [0];
    if (!convert || node.domain !== '' || graph.opset >= version) return [node];
    const info = infos.get(node.inputs[0]!);
    return convert({
      node,
      opset: graph.opset,
      store: (label, tensor) => {
        const name = fresh(`${node.name}_${label}`);
        initializers.set(name, tensor);
        return name;
      },
      fresh,
      constant: (index) => initializers.get(node.inputs[index] ?? ''),
      rank: info?.shape?.length,
      floats: ([value]) => toFloats([value!], [], info?.dtype ?? 'float32'),
    });
  });
  return { ...graph, opset: 17, nodes, initializers };
}
