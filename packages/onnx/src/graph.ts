import type { DType, TensorData } from './tensor.js';

/** An extent: a number, or the name of one that is only known at run time (`'batch'`). */
export type Dim = number | string;

/** What is known of a value before anything runs. `shape` is undefined when even the rank is unknown. */
export interface ValueInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly Dim[] | undefined;
}

/** An attribute of a node, tagged with its ONNX type so that it is written back as it was read. */
export type Attribute =
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'tensor'; readonly value: TensorData }
  | { readonly type: 'ints'; readonly value: readonly number[] }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'strings'; readonly value: readonly string[] };

/** One operator application. An empty string in `inputs` or `outputs` is an optional one that is left out. */
export interface Node {
  /** Unique within the graph: the file's name for it, or one made from operator and position. */
  readonly name: string;
  readonly op: string;
  /** `''` is the standard ONNX domain. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/**
 * An ONNX model as plain data. Graphs are never changed in place: every pass returns a new one that shares the
 * weights with the old.
 */
export interface Graph {
  readonly name: string;
  /** Version of the standard operator set. */
  readonly opset: number;
  /** Versions of other operator sets the model imports, by domain. */
  readonly otherOpsets: Readonly<Record<string, number>>;
  /** What must be fed: initialisers that old files also list as inputs are not among them. */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** In an order in which every node comes after those whose values it reads. */
  readonly nodes: readonly Node[];
  /** Weights and other constants by value name. */
  readonly initializers: ReadonlyMap<string, TensorData>;
  /** dtype and shape of values, as far as the file declares them or `inferShapes` found them. */
  readonly values: ReadonlyMap<string, ValueInfo>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly producer: string;
}
