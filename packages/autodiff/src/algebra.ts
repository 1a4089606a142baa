import { LensError, type GraphBuilder } from '@convlens/onnx';

/**
 * The shape that shapes have together (numpy's broadcasting).
 *
 * @param shapes the shapes
 * @throws LensError `E_SHAPE` when they do not go together
 */
export function broadcastShape(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, axis) => {
    let extent = 1;
    for (const shape of shapes) {
      const own = shape[axis - rank + shape.length] ?? 1;
      if (own === 1 || own === extent) continue;
      if (extent !== 1) {
        const all = shapes.map((each) => `[${each.join(', ')}]`).join(' and ');
        throw new LensError('E_SHAPE', `The shapes ${all} cannot be broadcast together.`);
      }
      extent = own;
    }
    return extent;
  });
}

/** The number that a scalar constant is; `undefined` for anything else. */
function numberOf(b: GraphBuilder, name: string): number | undefined {
  const tensor = b.elements(name);
  if (tensor?.shape.length !== 0 || tensor.dtype === 'float16') return undefined;
  return Number(tensor.data[0]);
}

/**
 * x + y.
 *
 * @param b where to emit
 * @param x a value
 * @param y a value, broadcast against the other
 */
export function add(b: GraphBuilder, x: string, y: string): string {
  return b.emit('Add', [x, y]);
}

/**
 * x - y.
 *
 * @param b where to emit
 * @param x a value
 * @param y a value, broadcast against the other
 */
export function subtract(b: GraphBuilder, x: string, y: string): string {
  return b.emit('Sub', [x, y]);
}

/**
 * x * y.
 *
 * @param b where to emit
 * @param x a value
 * @param y a value, broadcast against the other
 */
export function multiply(b: GraphBuilder, x: string, y: string): string {
  if (numberOf(b, y) === 1) return x;
  if (numberOf(b, x) === 1) return y;
  return b.emit('Mul', [x, y]);
}

/**
 * x / y.
 *
 * @param b where to emit
 * @param x a value
 * @param y a value, broadcast against the other
 */
export function divide(b: GraphBuilder, x: string, y: string): string {
  return numberOf(b, y) === 1 ? x : b.emit('Div', [x, y]);
}

/**
 * x to the power of y.
 *
 * @param b where to emit
 * @param x a value
 * @param y a value, broadcast against the other
 */
export function power(b: GraphBuilder, x: string, y: string): string {
  const exponent = numberOf(b, y);
  if (exponent === 1) return x;
  if (exponent === -1) return unary(b, 'Reciprocal', x);
  if (exponent === 0.5) return unary(b, 'Sqrt', x);
  return exponent === 2 ? multiply(b, x, x) : b.emit('Pow', [x, y]);
}

/**
 * An operator of one input that keeps the shape.
 *
 * @param b where to emit
 * @param op the operator
 * @param x a value
 */
export function unary(b: GraphBuilder, op: string, x: string): string {
  return b.emit(op, [x]);
}

/**
 * x times a number.
 *
 * @param b where to emit
 * @param x a value
 * @param factor the number
 */
export function scale(b: GraphBuilder, x: string, factor: number): string {
  if (factor === 1) return x;
  return factor === -1 ? unary(b, 'Neg', x) : multiply(b, x, b.number(factor, x));
}

/**
 * x plus a number.
 *
 * @param b where to emit
 * @param x a value
 * @param summand the number
 */
export function shift(b: GraphBuilder, x: string, summand: number): string {
  return summand === 0 ? x : add(b, x, b.number(summand, x));
}

/**
 * A number minus x.
 *
 * @param b where to emit
 * @param from the number
 * @param x a value
 */
export function from(b: GraphBuilder, from: number, x: string): string {
  return subtract(b, b.number(from, x), x);
}

/**
 * The sum of values of one shape, as a chain of additions: WebGPU has no kernel for Sum.
 *
 * @param b where to emit
 * @param terms at least one value
 */
export function sum(b: GraphBuilder, terms: readonly string[]): string {
  return terms.reduce((total, term) => add(b, total, term));
}

/**
 * Compares element by element.
 *
 * @param b where to emit
 * @param op the comparison
 * @param x a value
 * @param y a value, broadcast against the other, or a number
 * @returns a bool value
 */
export function compare(
  b: GraphBuilder,
  op: 'Equal' | 'Greater' | 'Less',
  x: string,
  y: string | number,
): string {
  return b.emit(op, [x, y]);
}

/**
 * Both of two bool values.
 *
 * @param b where to emit
 * @param x a bool value
 * @param y a bool value
 */
export function both(b: GraphBuilder, x: string, y: string): string {
  return b.emit('And', [x, y]);
}

/**
 * Chooses element by element.
 *
 * @param b where to emit
 * @param test a bool value
 * @param yes where true: a value or a number
 * @param no where false: a value or a number
 * @param like a value of the type of the result, when both are numbers
 */
export function choose(
  b: GraphBuilder,
  test: string,
  yes: string | number,
  no: string | number,
  like = typeof yes === 'string' ? yes : String(no),
): string {
  const [x, y] = [yes, no].map((each) =>
    typeof each === 'number' ? b.number(each, like) : each,
  ) as [string, string];
  return b.emit('Where', [test, x, y]);
}

/**
 * y where x is positive, -y where it is negative, 0 where it is 0.
 *
 * @param b where to emit
 * @param x a value
 * @param y a value, broadcast against the other
 */
export function withSign(b: GraphBuilder, x: string, y: string): string {
  const negative = choose(b, compare(b, 'Less', x, 0), unary(b, 'Neg', y), 0);
  return choose(b, compare(b, 'Greater', x, 0), y, negative);
}
