import {
  GraphBuilder,
  intAttribute,
  LensError,
  stringAttribute,
  type Graph,
  type Node,
} from '@convlens/onnx';

/**
 * Writes a node in the form of the new operator set.
 *
 * @param b where to
 * @param node the node
 * @param opset version that it was written for
 */
type Convert = (b: GraphBuilder, node: Node, opset: number) => void;

/** The mask is bool since version 10. */
const dropout: Convert = (b, node, opset) => {
  const mask = node.outputs[1];
  if (!mask || opset >= 10) return b.keep(node);
  const flags = b.free(`${mask}_flags`);
  b.keep({ ...node, outputs: [node.outputs[0]!, flags] });
  b.cast(flags, 'float32', mask);
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
    return trains
      ? { ...node, attributes: { ...node.attributes, training_mode: { type: 'int', value: 1 } } }
      : node;
  });
  return { ...graph, nodes };
}

/** Version 9 has no `spatial`, version 14 no outputs for training besides the running averages. */
const batchNormalization: Convert = (b, node) => {
  if (intAttribute(node, 'spatial', 1) !== 1) {
    throw new LensError(
      'E_OP_UNSUPPORTED',
      `BatchNormalization "${node.name}" normalises every position by itself (spatial = 0), which newer operator sets do not have.`,
    );
  }
  const { spatial: _, ...attributes } = node.attributes;
  const count = intAttribute(node, 'training_mode', 0) === 1 ? 3 : 1;
  b.keep({ ...node, attributes, outputs: node.outputs.slice(0, count) });
};

/** Upsample, and Resize before version 11: coordinates were computed the simplest way. */
const resize: Convert = (b, node) => {
  const { scales: attribute } = node.attributes;
  const [x, second = ''] = node.inputs as [string, string?];
  const list = attribute?.type === 'floats' ? attribute.value : undefined;
  const known = list ?? Array.from((b.elements(second)?.data ?? []) as ArrayLike<number>);
  const mode = stringAttribute(node, 'mode', 'nearest');
  b.emit(
    'Resize',
    list ? [x] : [x, '', second],
    {
      scales: list,
      mode: mode.includes('linear') ? 'linear' : mode,
      coordinate_transformation_mode: 'asymmetric',
      // Runtimes rounded up where they made pictures smaller.
      nearest_mode: known.some((scale) => scale < 1) ? 'ceil' : 'floor',
    },
    node.outputs[0],
  );
};

/** Before version 13, all axes from `axis` on were normalised together. */
const softmax: Convert = (b, node) => {
  const [x = ''] = node.inputs;
  const rank = b.info(x)?.shape?.length;
  const axis = intAttribute(node, 'axis', 1);
  if (rank !== undefined && (axis === -1 || axis === rank - 1)) {
    return b.keep({ ...node, attributes: { axis: { type: 'int', value: -1 } } });
  }
  const flat = b.emit('Flatten', [x], { axis });
  const normal = b.emit(node.op, [flat], { axis: -1 });
  b.emit('Reshape', [normal, b.emit('Shape', [x])], {}, node.outputs[0]);
};

/**
 * How nodes are rewritten whose attributes did not merely become inputs, by operator; the number is the version that changed the
 * operator.
 */
const conversions: Readonly<Record<string, readonly [number, Convert]>> = {
  BatchNormalization: [14, batchNormalization],
  Dropout: [10, dropout],
  Hardmax: [13, softmax],
  LogSoftmax: [13, softmax],
  Resize: [11, resize],
  Scatter: [11, (b, node) => b.keep({ ...node, op: 'ScatterElements' })],
  Softmax: [13, softmax],
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
  const b = new GraphBuilder({ ...graph, opset: 17 }, { mode: 'rewrite', share: false });
  for (const node of graph.nodes) {
    b.scope = node.name;
    const [version, convert] = conversions[node.op] ?? [0];
    if (convert && node.domain === '' && graph.opset < version) convert(b, node, graph.opset);
    else b.keep(node);
  }
  return b.finish();
}
