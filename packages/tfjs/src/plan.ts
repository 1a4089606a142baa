import type { DType } from '@convlens/onnx';

/** Element types of TensorFlow.js that plans use. */
export type Kind = 'float32' | 'int32' | 'bool';

/** Elements of each type, as TensorFlow.js takes them. */
export type Elements = Float32Array | Int32Array | Uint8Array;

/** What a kernel reads: registers by the kernel's own names, or a list (Concat). */
export type Operands = Readonly<Record<string, number>> | readonly number[];

/** One kernel call. Its result goes into a register of its own. */
export interface Step {
  readonly kernel: string;
  readonly inputs: Operands;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly output: number;
  /** The node that it is a part of, for messages. */
  readonly node: string;
}

/** A tensor that is made once, when the plan is loaded. */
export interface Literal {
  readonly register: number;
  readonly kind: Kind;
  /** Extents as they lie in memory. */
  readonly shape: readonly number[];
  readonly data: Elements;
}

/** Where a value of the graph goes in or comes out; its axes are in ONNX's order. */
export interface Port {
  readonly name: string;
  readonly register: number;
  readonly dtype: DType;
  readonly kind: Kind;
  readonly shape: readonly number[];
}

/**
 * A graph as a list of kernel calls of TensorFlow.js, each of which writes one register. It is plain data: nothing of
 * TensorFlow.js is needed to make it.
 */
export interface Plan {
  /** Number of registers. */
  readonly registers: number;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly literals: readonly Literal[];
  readonly steps: readonly Step[];
}

/** A step, and the registers that nothing reads after it. */
export interface Scheduled {
  readonly step: Step;
  readonly free: readonly number[];
}

/**
 * Registers that a kernel call reads.
 *
 * @param step the call
 */
export function operandsOf({ inputs }: Step): readonly number[] {
  return Array.isArray(inputs) ? (inputs as readonly number[]) : Object.values(inputs);
}

/**
 * The steps that some outputs need, with what becomes free after each: nothing is computed that nobody reads, and nothing
 * is held longer than it is read. Literals are never freed, and outputs are the caller's.
 *
 * @param plan the plan
 * @param outputs names of the outputs that are wanted
 */
export function schedule(plan: Plan, outputs: readonly string[]): readonly Scheduled[] {
  const kept = new Set(plan.literals.map(({ register }) => register));
  const needed = new Set<number>();
  for (const { name, register } of plan.outputs) {
    if (!outputs.includes(name)) continue;
    needed.add(register);
    kept.add(register);
  }
  const backwards: Scheduled[] = [];
  const read = new Set<number>();
  for (const step of plan.steps.toReversed()) {
    if (!needed.has(step.output)) continue;
    const operands = operandsOf(step);
    const last = new Set(operands.filter((register) => !read.has(register)));
    backwards.push({ step, free: [...last].filter((register) => !kept.has(register)) });
    for (const register of operands) {
      needed.add(register);
      read.add(register);
    }
  }
  return backwards.reverse();
}
