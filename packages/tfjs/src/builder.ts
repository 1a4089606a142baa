import {
  elementCount,
  LensError,
  type DType,
  type Graph,
  type Node,
  type TensorData,
} from '@convlens/onnx';
import { isFree, permute, TO_LAST, TO_PLAIN, transposed, type Layout } from './layout.js';
import type { Elements, Kind, Literal, Operands, Step } from './plan.js';

const KINDS: Partial<Record<DType, Kind>> = {
  float32: 'float32',
  bool: 'bool',
  int8: 'int32',
  uint8: 'int32',
  int16: 'int32',
  uint16: 'int32',
  int32: 'int32',
  uint32: 'int32',
  int64: 'int32',
  uint64: 'int32',
};

/**
 * What TensorFlow.js holds numbers of a type as; `undefined` for types that it does not have.
 *
 * @param dtype type of a tensor
 */
export function kindOf(dtype: DType): Kind | undefined {
  return KINDS[dtype];
}

/** Elements of an ONNX tensor as TensorFlow.js takes them: all integers become int32. */
function elementsOf({ data }: TensorData, kind: Kind): Elements {
  if (kind === 'float32') return data as Float32Array;
  if (kind === 'bool') return data as Uint8Array;
  const largest = 2 ** 31 - 1;
  return Int32Array.from(data as ArrayLike<number | bigint>, (each) =>
    Math.max(-largest - 1, Math.min(largest, Number(each))),
  );
}

/** What a backend is good at, as far as it changes what is emitted. */
export interface Traits {
  /** Comparisons take many times longer than arithmetic (WASM: 12 ms instead of 1 ms for 3 million elements). */
  readonly slowComparisons: boolean;
  /** Whether Convlens's own kernels are registered there. */
  readonly ownKernels: boolean;
  /** Whether these may compute convolutions by Winograd's filtering: faster, and right to 3e-6 instead of 2e-7. */
  readonly winograd: boolean;
}

/** Registers in which a value lies, by layout. */
type Places = Partial<Record<Layout, number>>;

/**
 * Collects the kernel calls of a plan. It knows in which layouts each value of the graph lies already, and brings it into
 * another one where a kernel asks for that: once, however many ask.
 */
export class Builder {
  readonly graph: Graph;
  /** Name of the runtime, for messages. */
  readonly runtime: string;
  /** What the runtime is good at. */
  readonly traits: Traits;
  /** The node that is being lowered. */
  node: Node;
  readonly steps: Step[] = [];
  readonly literals: Literal[] = [];
  readonly #shapes: (readonly number[])[] = [];
  readonly #kinds: Kind[] = [];
  readonly #places = new Map<string, Places>();
  readonly #known = new Map<string, number>();
  readonly #producers: ReadonlyMap<string, Node>;
  readonly #readers = new Map<string, number>();

  /**
   * @param graph a graph all of whose shapes are known
   * @param runtime name of the runtime
   * @param traits what it is good at
   */
  constructor(graph: Graph, runtime: string, traits: Traits) {
    this.graph = graph;
    this.runtime = runtime;
    this.traits = traits;
    this.node = { name: '', op: '', domain: '', inputs: [], outputs: [], attributes: {} };
    const producers = new Map<string, Node>();
    for (const node of graph.nodes) {
      for (const name of node.outputs) producers.set(name, node);
      for (const name of node.inputs) this.#readers.set(name, (this.#readers.get(name) ?? 0) + 1);
    }
    for (const { name } of graph.outputs) this.#readers.set(name, 2);
    this.#producers = producers;
  }

  /** Number of registers so far. */
  get registers(): number {
    return this.#shapes.length;
  }

  /** The error for something that cannot be lowered. */
  refusal(why: string): LensError {
    const { name, op } = this.node;
    return new LensError(
      'E_OP_UNSUPPORTED',
      `${this.runtime} cannot run the node "${name}" (${op}): ${why} Choose another backend.`,
    );
  }

  /** Extents of a value, in the graph's order of axes. */
  shape(name: string): readonly number[] {
    const shape = this.graph.initializers.get(name)?.shape ?? this.graph.values.get(name)?.shape;
    if (shape?.every((extent) => typeof extent === 'number')) return shape;
    throw this.refusal(`the shape of its value "${name}" is not known before it runs.`);
  }

  /** Element type of a value. */
  kind(name: string): Kind {
    const dtype =
      this.graph.initializers.get(name)?.dtype ?? this.graph.values.get(name)?.dtype ?? 'float32';
    const kind = KINDS[dtype];
    if (kind) return kind;
    throw this.refusal(
      `its value "${name}" is of type ${dtype}, which TensorFlow.js does not have.`,
    );
  }

  /** The elements of a constant; `undefined` for what is computed. */
  constant(name: string | undefined): TensorData | undefined {
    return name ? this.graph.initializers.get(name) : undefined;
  }

  /** The only number of a constant; `undefined` for anything else. */
  number(name: string | undefined): number | undefined {
    const tensor = this.constant(name);
    return tensor && elementCount(tensor.shape) === 1 ? Number(tensor.data[0]) : undefined;
  }

  /** The integers of a constant. */
  integers(name: string | undefined, what: string): readonly number[] | undefined {
    if (!name) return undefined;
    const tensor = this.constant(name);
    if (!tensor) throw this.refusal(`its ${what} are computed, not constant.`);
    return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
  }

  /** The node that makes a value, when nothing else reads the value. */
  onlyFor(name: string): Node | undefined {
    return this.#readers.get(name) === 1 ? this.#producers.get(name) : undefined;
  }

  /** The node that makes a value. */
  producer(name: string): Node | undefined {
    return this.#producers.get(name);
  }

  /** A new register. */
  register(shape: readonly number[], kind: Kind): number {
    this.#kinds.push(kind);
    return this.#shapes.push(shape) - 1;
  }

  /** Extents of a register, as they lie in memory. */
  extents(register: number): readonly number[] {
    return this.#shapes[register]!;
  }

  /** Element type of a register. */
  kindOf(register: number): Kind {
    return this.#kinds[register]!;
  }

  /** Emits a kernel call. */
  emit(
    kernel: string,
    inputs: Operands,
    attributes: Readonly<Record<string, unknown>>,
    shape: readonly number[],
    kind: Kind = 'float32',
  ): number {
    const output = this.register(shape, kind);
    this.steps.push({ kernel, inputs, attributes, output, node: this.node.name });
    return output;
  }

  /** A constant of the plan; the same one for the same key. */
  literal(
    key: string,
    shape: readonly number[],
    make: () => Elements,
    kind: Kind = 'float32',
  ): number {
    const full = `${key} [${shape.join()}] ${kind}`;
    let register = this.#known.get(full);
    if (register === undefined) {
      register = this.register(shape, kind);
      this.#known.set(full, register);
      this.literals.push({ register, kind, shape, data: make() });
    }
    return register;
  }

  /** A number. */
  scalar(value: number, kind: Kind = 'float32'): number {
    return this.literal(
      `number ${value}`,
      [],
      () => (kind === 'float32' ? Float32Array.of(value) : Int32Array.of(value)),
      kind,
    );
  }

  /** The same elements with other extents. */
  reshape(register: number, shape: readonly number[]): number {
    if (shape.join() === this.extents(register).join()) return register;
    return this.emit('Reshape', { x: register }, { shape }, shape, this.#kinds[register]);
  }

  /** A register with its axes exchanged; no work where only axes of extent 1 move. */
  transpose(register: number, order: readonly number[]): number {
    const from = this.extents(register);
    const shape = permute(from, order);
    if (isFree(from, order)) return this.reshape(register, shape);
    return this.emit('Transpose', { x: register }, { perm: order }, shape, this.#kinds[register]);
  }

  /**
   * A part of a register. Axes that are taken whole are joined with the one before: the kernels copy line by line, so long
   * lines are several times faster.
   */
  slice(register: number, begin: readonly number[], size: readonly number[]): number {
    const extents = this.extents(register);
    if (size.join() === extents.join()) return register;
    const joined: { extent: number; begin: number; size: number }[] = [];
    extents.forEach((extent, axis) => {
      const before = joined.at(-1);
      if (before && size[axis] === extent) {
        before.extent *= extent;
        before.begin *= extent;
        before.size *= extent;
      } else joined.push({ extent, begin: begin[axis]!, size: size[axis]! });
    });
    const x = this.reshape(
      register,
      joined.map(({ extent }) => extent),
    );
    const attributes = {
      begin: joined.map((axis) => axis.begin),
      size: joined.map((axis) => axis.size),
    };
    const part = this.emit('Slice', { x }, attributes, attributes.size, this.#kinds[register]);
    return this.reshape(part, size);
  }

  /**
   * A register with a number around it. Axes without any are joined with the one before: the kernels of WebGL and WebGPU
   * take four axes at most.
   */
  pad(register: number, around: readonly (readonly [number, number])[], constantValue = 0): number {
    const extents = this.extents(register);
    if (around.every(([front, back]) => front === 0 && back === 0)) return register;
    const joined: { extent: number; paddings: [number, number] }[] = [];
    extents.forEach((extent, axis) => {
      const before = joined.at(-1);
      const [front, back] = around[axis]!;
      if (before && front === 0 && back === 0) {
        before.extent *= extent;
        before.paddings = [before.paddings[0] * extent, before.paddings[1] * extent];
      } else joined.push({ extent, paddings: [front, back] });
    });
    const x = this.reshape(
      register,
      joined.map(({ extent }) => extent),
    );
    const paddings = joined.map((axis) => axis.paddings);
    const shape = joined.map(
      ({ extent }, axis) => extent + paddings[axis]![0] + paddings[axis]![1],
    );
    const kind = this.#kinds[register];
    const padded = this.emit('PadV2', { x }, { paddings, constantValue }, shape, kind);
    return this.reshape(
      padded,
      extents.map((extent, axis) => extent + around[axis]![0] + around[axis]![1]),
    );
  }

  /** Says in which register a value lies. */
  define(name: string, register: number, layout: Layout = 'plain'): void {
    const places = this.#places.get(name) ?? {};
    places[layout] = register;
    this.#places.set(name, places);
  }

  /** Whether a computed value lies with its channels last already. */
  isLast(name: string): boolean {
    return this.#places.get(name)?.last !== undefined && !this.constant(name);
  }

  /** A value's register with the axes in the graph's order. */
  plain(name: string): number {
    const constant = this.constant(name);
    if (constant) {
      const kind = this.kind(name);
      return this.literal(`value ${name}`, constant.shape, () => elementsOf(constant, kind), kind);
    }
    return this.#place(name, 'plain', 'last', TO_PLAIN);
  }

  /** A value's register with the channels last; for values of four axes. */
  last(name: string): number {
    const shape = this.shape(name);
    const constant = this.constant(name);
    if (constant) {
      const kind = this.kind(name);
      const make = (): Elements => transposed(elementsOf(constant, kind), shape, TO_LAST);
      return this.literal(`last ${name}`, permute(shape, TO_LAST), make, kind);
    }
    return this.#place(name, 'last', 'plain', TO_LAST);
  }

  #place(name: string, wanted: Layout, other: Layout, order: readonly number[]): number {
    const places = this.#places.get(name);
    if (!places) throw this.refusal(`nothing computes its value "${name}".`);
    return (places[wanted] ??= this.transpose(places[other]!, order));
  }

  /** A value in a layout, wherever it is combined element by element with one of four axes. */
  in(name: string, layout: Layout): number {
    const shape = this.shape(name);
    if (layout === 'plain' || shape.length === 0) return this.plain(name);
    if (shape.length === 4) return this.last(name);
    const wide = [...new Array<number>(4 - shape.length).fill(1), ...shape];
    const constant = this.constant(name);
    if (!constant) return this.transpose(this.reshape(this.plain(name), wide), TO_LAST);
    const kind = this.kind(name);
    const make = (): Elements => transposed(elementsOf(constant, kind), wide, TO_LAST);
    return this.literal(`last ${name}`, permute(wide, TO_LAST), make, kind);
  }

  /** The layout in which values are combined: channels last where one of them lies so and all fit. */
  layoutOf(names: readonly string[]): Layout {
    const fit = names.every((name) => this.shape(name).length <= 4);
    return fit && names.some((name) => this.isLast(name)) ? 'last' : 'plain';
  }

  /** Extents of a value in a layout. */
  shapeIn(name: string, layout: Layout): readonly number[] {
    const shape = this.shape(name);
    return layout === 'last' ? permute(shape, TO_LAST) : shape;
  }
}
