import {
  elementCount,
  floatAttribute,
  intAttribute,
  type Node,
  type TensorData,
} from '@convlens/onnx';
import type { Builder } from '../builder.js';
import { transposed } from '../layout.js';
import type { Activation } from './emit-convolution.js';
import type { Lowering, Lowerings } from './lowering.js';

/** The last row of extents: of one axis, and as long as there are columns. */
function isRow(b: Builder, name: string, columns: number): boolean {
  const shape = b.shape(name);
  return shape.at(-1) === columns && elementCount(shape) === columns;
}

/** A product of matrices `[batch, m, k] x [batch, k, n]`, of which one batch may be 1. */
interface Product {
  readonly a: number;
  readonly b: number;
  readonly bias?: number | undefined;
  readonly activation?: Activation;
}

function emitProduct(b: Builder, product: Product): number {
  const { a, b: other, bias, activation = 'linear' } = product;
  const [left, right] = [b.extents(a), b.extents(other)];
  const shape = [Math.max(left[0]!, right[0]!), left[1]!, right[2]!];
  const attributes = { transposeA: false, transposeB: false };
  if (bias === undefined && activation === 'linear') {
    return b.emit('BatchMatMul', { a, b: other }, attributes, shape);
  }
  const inputs = { a, b: other, ...(bias === undefined ? {} : { bias }) };
  return b.emit('_FusedMatMul', inputs, { ...attributes, activation }, shape);
}

/**
 * A matrix as a batch of one, turned beforehand where it must be: the WASM kernels are ten times slower when they turn it
 * themselves, and add a wrong bias then.
 */
function matrix(b: Builder, name: string, turn: boolean): number {
  const [rows, columns] = b.shape(name) as [number, number];
  if (!turn) return b.reshape(b.plain(name), [1, rows, columns]);
  const constant = b.constant(name) as TensorData<'float32'> | undefined;
  const shape = [1, columns, rows];
  if (!constant) return b.reshape(b.transpose(b.plain(name), [1, 0]), shape);
  return b.literal(`turned ${name}`, shape, () =>
    transposed(constant.data, [rows, columns], [1, 0]),
  );
}

/** Gemm: alpha A B + beta C, with a row C as the kernel's own bias. */
function gemm(b: Builder, node: Node, activation: Activation): void {
  const [x = '', y = '', z = ''] = node.inputs;
  const output = node.outputs[0]!;
  const shape = b.shape(output) as [number, number];
  const [alpha, beta] = [floatAttribute(node, 'alpha', 1), floatAttribute(node, 'beta', 1)];
  const fits = z !== '' && alpha === 1 && beta === 1 && isRow(b, z, shape[1]);
  const direct = fits || (z === '' && alpha === 1);
  const product = emitProduct(b, {
    a: matrix(b, x, intAttribute(node, 'transA', 0) === 1),
    b: matrix(b, y, intAttribute(node, 'transB', 0) === 1),
    bias: fits ? b.reshape(b.plain(z), [shape[1]]) : undefined,
    activation: direct ? activation : 'linear',
  });
  let result = b.reshape(product, shape);
  if (alpha !== 1) {
    result = b.emit('Multiply', { a: result, b: b.scalar(alpha) }, {}, shape);
  }
  if (z && !fits) {
    const scaled =
      beta === 1
        ? b.plain(z)
        : b.emit('Multiply', { a: b.plain(z), b: b.scalar(beta) }, {}, b.shape(z));
    result = b.emit('Add', { a: result, b: scaled }, {}, shape);
  }
  if (!direct && activation === 'relu') result = b.emit('Relu', { x: result }, {}, shape);
  b.define(output, result);
}

/** MatMul of numpy: the last two axes are multiplied, those before them are a batch. */
function matMul(b: Builder, node: Node, activation: Activation): void {
  const [x = '', y = ''] = node.inputs;
  const output = node.outputs[0]!;
  let [left, right] = [b.shape(x), b.shape(y)];
  if (left.length === 1) left = [1, ...left];
  if (right.length === 1) right = [...right, 1];
  const [before, behind] = [left.slice(0, -2), right.slice(0, -2)];
  const [batch, others] = [elementCount(before), elementCount(behind)];
  const same = before.join() === behind.join();
  if (!same && batch > 1 && others > 1) {
    throw b.refusal('both factors are batches, of different extents.');
  }
  const [m, k] = left.slice(-2) as [number, number];
  const n = right.at(-1)!;
  // One matrix on the right serves all rows on the left.
  const rows: [number, number, number] = others === 1 ? [1, batch * m, k] : [batch, m, k];
  const product = emitProduct(b, {
    a: b.reshape(b.plain(x), rows),
    b: b.reshape(b.plain(y), [others, k, n]),
    activation,
  });
  b.define(output, b.reshape(product, b.shape(output)));
}

/**
 * Lowers a Gemm or MatMul node, with what follows it.
 *
 * @param b where to emit
 * @param node the node
 * @param activation what follows it
 */
export function multiplyMatrices(b: Builder, node: Node, activation: Activation): void {
  if (b.kind(node.inputs[0]!) !== 'float32') throw b.refusal('it works on float32 only.');
  if (node.op === 'Gemm') gemm(b, node, activation);
  else matMul(b, node, activation);
}

const linear: Lowering = (b, node) => {
  multiplyMatrices(b, node, 'linear');
};

/** Products of matrices. */
export const matrices: Lowerings = { Gemm: linear, MatMul: linear };
