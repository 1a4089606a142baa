import type { Node } from '@convlens/onnx';
import type { Builder } from '../builder.js';

/** Emits the kernel calls of one node, and says in which registers its outputs lie. */
export type Lowering = (b: Builder, node: Node) => void;

/** Lowerings by operator. */
export type Lowerings = Readonly<Record<string, Lowering>>;
