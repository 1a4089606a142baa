import type { OperatorAnswer } from './operator-cases.js';
import type { MeasuredWork } from './measure.js';
import type { Work } from './workload.js';

/** Version of the file format of reports. */
export const REPORT_VERSION = 1;

/** The machine that was measured, in words. */
export interface Machine {
  /** What it is called in charts. */
  readonly name: string;
  /** Browser or Node, with its version. */
  readonly program: string;
  readonly cores: number;
  /** GPU adapter, where there is one. */
  readonly adapter?: string;
  /** Whether the page may use several threads. */
  readonly isolated?: boolean;
}

/** A backend of a report. */
export interface RuntimeRow {
  readonly runtime: string;
  /** Why it could not be measured. */
  readonly failed?: string;
  readonly threads?: number;
  readonly startMs?: number;
  /** GFLOP/s of a large matrix product; see `measurePeak`. */
  readonly peak?: number;
  /** Bytes of WebAssembly memory at the end, or of the process. */
  readonly memory?: number;
}

/** One measurement of a report. */
export interface WorkRow {
  readonly runtime: string;
  readonly network: string;
  readonly work: Work;
  readonly batch: number;
  /** Why there is none. */
  readonly failed?: string;
  readonly prepareMs?: number;
  readonly firstMs?: number;
  readonly medianMs?: number;
  readonly leastMs?: number;
  readonly mostMs?: number;
  readonly runs?: number;
  /** Nominal: the multiply-adds of direct convolutions, two operations each. */
  readonly gflops?: number;
  /** Relative L2 difference of the value, or of the gradient where there is one, from the reference. */
  readonly difference?: number;
}

/** How far a backend is off at one operator. */
export interface OperatorRow {
  readonly runtime: string;
  readonly name: string;
  readonly failed?: string;
  /** Relative L2 difference from the reference. */
  readonly value?: number;
  readonly gradient?: number;
}

/** Everything that was measured on one machine. */
export interface BenchReport {
  readonly convlensBench: typeof REPORT_VERSION;
  readonly machine: Machine;
  /** ISO 8601. */
  readonly date: string;
  /** The backend that the others are compared with. */
  readonly reference?: string;
  readonly runtimes: readonly RuntimeRow[];
  readonly work: readonly WorkRow[];
  readonly operators: readonly OperatorRow[];
}

/** The middle of some numbers. */
function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * How far one list of numbers is from another, relative to the other's length.
 *
 * @param found numbers
 * @param expected as many numbers
 * @returns |found - expected| / |expected|; infinite when one of them is not finite or the lengths differ
 */
export function relativeDifference(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) return Infinity;
  let [apart, length] = [0, 0];
  for (let i = 0; i < found.length; i++) {
    apart += (found[i]! - expected[i]!) ** 2;
    length += expected[i]! ** 2;
  }
  const difference = length === 0 ? Math.sqrt(apart) : Math.sqrt(apart / length);
  return Number.isFinite(difference) ? difference : Infinity;
}

/**
 * A measurement as a row.
 *
 * @param runtime where it was measured
 * @param network of what
 * @param measured the measurement
 * @param reference the same work's answer by the reference backend
 */
export function workRow(
  runtime: string,
  network: string,
  measured: MeasuredWork,
  reference?: MeasuredWork['answer'],
): WorkRow {
  const { work, batch, prepareMs, firstMs, times, multiplyAdds, answer } = measured;
  const medianMs = median(times);
  const difference =
    reference &&
    (answer.gradient && reference.gradient
      ? relativeDifference(answer.gradient, reference.gradient)
      : relativeDifference(answer.value, reference.value));
  return {
    runtime,
    network,
    work,
    batch,
    prepareMs,
    firstMs,
    medianMs,
    leastMs: Math.min(...times),
    mostMs: Math.max(...times),
    runs: times.length,
    ...(multiplyAdds > 0 && { gflops: (2 * multiplyAdds) / medianMs / 1e6 }),
    ...(difference === undefined ? {} : { difference }),
  };
}

/**
 * How far a backend's operators are off, as rows.
 *
 * @param runtime the backend
 * @param answers its answers
 * @param reference those of the reference backend
 */
export function operatorRows(
  runtime: string,
  answers: readonly OperatorAnswer[],
  reference: readonly OperatorAnswer[],
): OperatorRow[] {
  return answers.map(({ name, value, gradient, error }): OperatorRow => {
    const right = reference.find((one) => one.name === name);
    if (error !== undefined) return { runtime, name, failed: error };
    if (!value || !gradient || !right?.value || !right.gradient) return { runtime, name };
    return {
      runtime,
      name,
      value: relativeDifference(value, right.value),
      gradient: relativeDifference(gradient, right.gradient),
    };
  });
}

const COLUMNS = [
  'machine',
  'runtime',
  'network',
  'work',
  'batch',
  'medianMs',
  'leastMs',
  'mostMs',
  'runs',
  'gflops',
  'shareOfPeak',
  'difference',
  'prepareMs',
  'firstMs',
  'failed',
] as const;

/**
 * The measurements of reports as CSV, a line each.
 *
 * @param reports of one or more machines
 */
export function reportCsv(reports: readonly BenchReport[]): string {
  const quoted = (value: string | number | undefined): string => {
    const text = value === undefined ? '' : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = reports.flatMap(({ machine, runtimes, work }) =>
    work.map((row) => {
      const peak = runtimes.find(({ runtime }) => runtime === row.runtime)?.peak;
      const shareOfPeak = peak && row.gflops !== undefined ? row.gflops / peak : undefined;
      const all = { ...row, machine: machine.name, shareOfPeak };
      return COLUMNS.map((column) => quoted(all[column])).join();
    }),
  );
  return [COLUMNS.join(), ...lines, ''].join('\n');
}
