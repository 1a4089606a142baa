import {
  floatAttribute,
  GraphBuilder,
  LensError,
  stringAttribute,
  type Graph,
  type Node,
} from '@convlens/onnx';

const DOMAIN = 'ai.onnx.preview.training';

/** One tensor that learns, with what its node says and remembers of it. */
interface Place {
  readonly b: GraphBuilder;
  readonly node: Node;
  /** Rate R and count T of updates, float32. */
  readonly rate: string;
  readonly count: string;
  readonly x: string;
  /** With the regularisation added: norm_coefficient X + G. */
  readonly gradient: string;
  /** What was carried: one accumulation, or two. */
  readonly carried: readonly string[];
}

/** What becomes of a tensor, and of what is carried. */
type Written = readonly [x: string, ...carried: string[]];

/** How an operator is written out, and how many tensors it carries for each one. */
interface Writing {
  readonly carries: number;
  readonly write: (place: Place) => Written;
}

const step = (b: GraphBuilder, x: string, rate: string, by: string): string =>
  b.emit('Sub', [x, b.emit('Mul', [rate, by])]);

/** What stands if an update was made before, else what stands the first time. */
const afterFirst = ({ b, count }: Place, then: string, first: string): string =>
  b.emit('Where', [b.emit('Greater', [count, 0]), then, first]);

const WRITINGS: Readonly<Record<string, Writing>> = {
  Adagrad: {
    carries: 1,
    write({ b, node, rate, count, x, gradient, carried: [sum] }) {
      const decay = floatAttribute(node, 'decay_factor', 0);
      const slower = b.emit('Add', [b.emit('Mul', [count, decay]), 1]);
      const next = b.emit('Add', [sum!, b.emit('Mul', [gradient, gradient])]);
      const root = b.emit('Add', [b.emit('Sqrt', [next]), floatAttribute(node, 'epsilon', 1e-6)]);
      const by = b.emit('Div', [gradient, root]);
      return [step(b, x, b.emit('Div', [rate, slower]), by), next];
    },
  },
  Momentum: {
    carries: 1,
    write(place) {
      const { b, node, rate, x, gradient, carried } = place;
      const alpha = floatAttribute(node, 'alpha', 0.9);
      const beta = floatAttribute(node, 'beta', 1);
      const kept = (of: string): string => b.emit('Mul', [of, alpha]);
      const share = afterFirst(place, b.number(beta), b.number(1));
      const next = b.emit('Add', [kept(carried[0]!), b.emit('Mul', [gradient, share])]);
      const mode = stringAttribute(node, 'mode', 'standard');
      const by = mode === 'nesterov' ? b.emit('Add', [gradient, kept(next)]) : next;
      return [step(b, x, rate, by), next];
    },
  },
  Adam: {
    carries: 2,
    write(place) {
      const { b, node, rate, count, x, gradient, carried } = place;
      const alpha = floatAttribute(node, 'alpha', 0.9);
      const beta = floatAttribute(node, 'beta', 0.999);
      const average = (old: string, by: string, share: number): string =>
        b.emit('Add', [b.emit('Mul', [old, share]), b.emit('Mul', [by, 1 - share])]);
      const mean = average(carried[0]!, gradient, alpha);
      const squares = average(carried[1]!, b.emit('Mul', [gradient, gradient]), beta);
      const left = (share: number): string =>
        b.emit('Sub', [b.number(1), b.emit('Pow', [b.number(share), count])]);
      const factor = b.emit('Div', [b.emit('Sqrt', [left(beta)]), left(alpha)]);
      const corrected = afterFirst(place, b.emit('Mul', [rate, factor]), rate);
      const root = b.emit('Add', [
        b.emit('Sqrt', [squares]),
        floatAttribute(node, 'epsilon', 1e-6),
      ]);
      const next = step(b, x, corrected, b.emit('Div', [mean, root]));
      const post = floatAttribute(node, 'norm_coefficient_post', 0);
      return [post === 0 ? next : b.emit('Mul', [next, 1 - post]), mean, squares];
    },
  },
};

function write(b: GraphBuilder, node: Node): void {
  const writing = Object.hasOwn(WRITINGS, node.op) ? WRITINGS[node.op] : undefined;
  const [rate = '', count = '', ...rest] = node.inputs;
  const groups = 2 + (writing?.carries ?? 0);
  const tensors = rest.length / groups;
  if (!writing || !Number.isInteger(tensors)) {
    throw new LensError(
      'E_OP_UNSUPPORTED',
      `${DOMAIN}.${node.op} "${node.name}" with ${node.inputs.length} inputs is not known. ` +
        `Convlens knows ${Object.keys(WRITINGS).join(', ')}, with a rate, a count and ${groups} tensors for each that learns.`,
    );
  }
  b.scope = node.name || node.op;
  const group = (index: number): readonly string[] =>
    rest.slice(index * tensors, (index + 1) * tensors);
  const coefficient = floatAttribute(node, 'norm_coefficient', 0);
  group(0).forEach((x, i) => {
    const given = group(1)[i]!;
    const gradient =
      coefficient === 0 ? given : b.emit('Add', [b.emit('Mul', [x, coefficient]), given]);
    const carried = Array.from({ length: writing.carries }, (_, k) => group(2 + k)[i]!);
    const counted = b.cast(count, 'float32');
    const found = writing.write({ b, node, rate, count: counted, x, gradient, carried });
    found.forEach((value, k) => {
      const name = node.outputs[k * tensors + i];
      if (name) b.emit('Identity', [value], {}, name);
    });
  });
}

/**
 * The same graph with ONNX's optimisers (Adagrad, Adam, Momentum of ai.onnx.preview.training) in plain operators, which every
 * runtime has.
 *
 * @param graph any graph
 * @returns the graph itself when it has none of them
 * @throws LensError `E_OP_UNSUPPORTED` for another operator of that domain
 * @see https://onnx.ai/onnx/operators/index.html#ai-onnx-preview-training
 */
export function writeOptimizers(graph: Graph): Graph {
  if (!graph.nodes.some(({ domain }) => domain === DOMAIN)) return graph;
  const { [DOMAIN]: _, ...otherOpsets } = graph.otherOpsets;
  const b = new GraphBuilder({ ...graph, otherOpsets }, { mode: 'rewrite' });
  for (const node of graph.nodes) {
    if (node.domain === DOMAIN) write(b, node);
    else b.keep(node);
  }
  return b.finish();
}
