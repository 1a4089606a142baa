import { differentiate, trainingMode, type PoolLowering } from '@convlens/autodiff';
import { float32, type Graph, type Node, type TensorData } from '@convlens/onnx';

/** How weights follow their gradients. */
export type Rule =
  | { readonly kind: 'sgd'; readonly lr: number }
  | {
      readonly kind: 'adam';
      readonly lr: number;
      readonly betas: readonly [number, number];
      readonly eps: number;
    };

/** A step of training as one graph: a batch x and classes t go in, the loss comes out, everything else is carried. */
export interface StepGraph {
  readonly graph: Graph;
  readonly carry: Readonly<Record<string, string>>;
  readonly initial: Readonly<Record<string, TensorData>>;
  readonly loss: string;
  /** Gradients by weight. */
  readonly gradients: Readonly<Record<string, string>>;
}

/** Cross-entropy of a network's scores, its gradients, and what becomes of the weights. */
export function stepGraph(
  network: Graph,
  batch: number,
  rule: Rule,
  pool: PoolLowering,
): StepGraph {
  const { graph: training, running, averages } = trainingMode(network, { batch });
  const lost: Graph = {
    ...training,
    inputs: [...training.inputs, { name: 't', dtype: 'int64', shape: [batch] }],
    outputs: [...training.outputs, { name: 'loss', dtype: 'float32', shape: [] }],
    nodes: [
      ...training.nodes,
      {
        ...{ name: 'loss', op: 'SoftmaxCrossEntropyLoss', domain: '', attributes: {} },
        ...{ inputs: [training.outputs[0]!.name, 't'], outputs: ['loss'] },
      },
    ],
  };
  const wrt = [...network.initializers].flatMap(([name, { dtype }]) =>
    dtype === 'float32' && !averages.has(name) ? [name] : [],
  );
  const { graph, gradients } = differentiate(lost, {
    of: 'loss',
    wrt,
    outputs: Object.values(running),
    weights: 'inputs',
    pool,
  });
  const writer = new Updates(graph);
  const carry: Record<string, string> = { ...running };
  const initial: Record<string, TensorData> = Object.fromEntries(averages);
  const common = rule.kind === 'adam' ? writer.corrections(rule.betas) : undefined;
  if (common) {
    Object.assign(carry, common.carry);
    Object.assign(initial, common.initial);
  }
  for (const name of wrt) {
    const weight = network.initializers.get(name)!;
    initial[name] = weight;
    const g = gradients[name]!;
    if (rule.kind === 'sgd' || !common) {
      carry[name] = writer.emit('Sub', [name, writer.times(g, rule.lr)]);
      continue;
    }
    const [b1, b2] = rule.betas;
    const [m, v] = [
      writer.input(`m/${name}`, weight.shape),
      writer.input(`v/${name}`, weight.shape),
    ];
    for (const each of [m, v]) initial[each] = zeros(weight.shape);
    const square = writer.emit('Mul', [g, g]);
    carry[m] = writer.emit('Add', [writer.times(m, b1), writer.times(g, 1 - b1)]);
    carry[v] = writer.emit('Add', [writer.times(v, b2), writer.times(square, 1 - b2)]);
    const mean = writer.emit('Div', [carry[m], common.first]);
    const root = writer.emit('Sqrt', [writer.emit('Div', [carry[v], common.second])]);
    const { eps, lr } = rule;
    const slope = writer.emit('Div', [mean, writer.emit('Add', [root, writer.number(eps)])]);
    carry[name] = writer.emit('Sub', [name, writer.times(slope, lr)]);
  }
  return { graph: writer.finish(Object.values(carry)), carry, initial, loss: 'loss', gradients };
}

const zeros = (shape: readonly number[]): TensorData =>
  float32(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);

class Updates {
  readonly #graph: Graph;
  readonly #nodes: Node[];
  readonly #initializers: Map<string, TensorData>;
  readonly #inputs: Graph['inputs'][number][];

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#nodes = [...graph.nodes];
    this.#initializers = new Map(graph.initializers);
    this.#inputs = [...graph.inputs];
  }

  emit(op: string, inputs: readonly string[]): string {
    const name = `update/${this.#nodes.length}`;
    this.#nodes.push({ name, op, domain: '', inputs, outputs: [name], attributes: {} });
    return name;
  }

  number(value: number): string {
    const name = `update/number ${value}`;
    this.#initializers.set(name, float32(Float32Array.of(value), []));
    return name;
  }

  times(value: string, factor: number): string {
    return this.emit('Mul', [value, this.number(factor)]);
  }

  input(name: string, shape: readonly number[]): string {
    this.#inputs.push({ name, dtype: 'float32', shape });
    return name;
  }

  /** c = 1 - beta^step, as c beta + (1 - beta): 1 - beta^step itself would lose digits at first. */
  corrections(betas: readonly [number, number]) {
    const names = betas.map((beta, i): [string, string] => {
      const old = this.input(`correction/${i}`, [1]);
      return [old, this.emit('Add', [this.times(old, beta), this.number(1 - beta)])];
    });
    return {
      first: names[0]![1],
      second: names[1]![1],
      carry: Object.fromEntries(names),
      initial: Object.fromEntries(names.map(([name]) => [name, zeros([1])])),
    };
  }

  finish(outputs: readonly string[]): Graph {
    const known = new Set(this.#graph.outputs.map(({ name }) => name));
    const more = [...new Set(outputs)].filter((name) => !known.has(name));
    return {
      ...this.#graph,
      nodes: this.#nodes,
      initializers: this.#initializers,
      inputs: this.#inputs,
      outputs: [
        ...this.#graph.outputs,
        ...more.map((name) => ({ name, dtype: 'float32' as const, shape: undefined })),
      ],
    };
  }
}
