import {
  elementCount,
  float32,
  read,
  write,
  type Attribute,
  type Graph,
  type Node,
  type TensorData,
  type ValueInfo,
} from '@convlens/onnx';
import { fillNormal } from '../../src/builders/random.js';

type Plain = number | readonly number[];

function attributeOf(value: Plain): Attribute {
  if (typeof value !== 'number') return { type: 'ints', value };
  return Number.isInteger(value) ? { type: 'int', value } : { type: 'float', value };
}

/** Writes graphs as other exporters would, operator by operator. */
export class Draft {
  readonly nodes: Node[] = [];
  readonly initializers = new Map<string, TensorData>();
  #count = 0;

  /** A node; returns the name of its output. */
  op(op: string, inputs: readonly string[], attributes: Record<string, Plain> = {}): string {
    const name = `${op}${this.#count++}`;
    const typed = Object.entries(attributes).map(([key, value]) => [key, attributeOf(value)]);
    this.nodes.push({
      name: `node_${name}`,
      op,
      domain: '',
      inputs,
      outputs: [name],
      attributes: Object.fromEntries(typed) as Record<string, Attribute>,
    });
    return name;
  }

  /** Normal numbers. */
  weights(shape: readonly number[], mean = 0, deviation = 0.1): string {
    const name = `weights${this.#count++}`;
    const data = new Float32Array(elementCount(shape));
    fillNormal(data, 1, name, mean, deviation);
    this.initializers.set(name, float32(data, shape));
    return name;
  }

  /** Given numbers. */
  constant(values: readonly number[], shape: readonly number[] = [values.length]): string {
    const name = `constant${this.#count++}`;
    this.initializers.set(name, float32(Float32Array.from(values), shape));
    return name;
  }

  /** Whole numbers for Reshape and the like. */
  int64(...values: number[]): string {
    const name = `int64${this.#count++}`;
    const data = BigInt64Array.from(values, BigInt);
    this.initializers.set(name, { dtype: 'int64', shape: [values.length], data });
    return name;
  }

  /** A convolution `[out, in / group, kernel, kernel]`. */
  conv(
    x: string,
    shape: readonly [number, number, number],
    attributes: Record<string, Plain> = {},
    bias = true,
  ): string {
    const [out, into, kernel] = shape;
    const weight = this.weights([out, into, kernel, kernel]);
    const inputs = bias ? [x, weight, this.weights([out])] : [x, weight];
    return this.op('Conv', inputs, { kernel_shape: [kernel, kernel], ...attributes });
  }

  /** Batch normalisation of `channels` channels. */
  norm(x: string, channels: number): string {
    const inputs = [x, this.weights([channels], 1), this.weights([channels])];
    inputs.push(this.weights([channels]), this.weights([channels], 1, 0.05));
    return this.op('BatchNormalization', inputs, { epsilon: 0.00002 });
  }

  /** The graph; `into` and `out` are [name, shape]. */
  graph(
    into: readonly [string, readonly (number | string)[]],
    out: string,
    options: { opset?: number; producer?: string } = {},
  ): Graph {
    const info = (name: string, shape: ValueInfo['shape']): ValueInfo => {
      return { name, dtype: 'float32', shape };
    };
    return {
      name: 'draft',
      opset: options.opset ?? 13,
      otherOpsets: {},
      inputs: [info(...into)],
      outputs: [info(out, undefined)],
      nodes: this.nodes,
      initializers: this.initializers,
      values: new Map(),
      metadata: new Map(),
      producer: options.producer ?? 'draft',
    };
  }
}

/** Through a file that lists the initialisers as inputs too, as files of IR version 3 do. */
export function withInitialisersAsInputs(graph: Graph): Graph {
  const more = [...graph.initializers].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  return read(write({ ...graph, inputs: [...graph.inputs, ...more] }));
}
