import { LensError } from '@convlens/onnx';
import { REPORT_VERSION, type BenchReport } from './report.js';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** Whether every entry of a list has text and numbers where a report has them. */
function rows(value: unknown, texts: readonly string[], numbers: readonly string[]): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (row) =>
        isObject(row) &&
        texts.every((key) => typeof row[key] === 'string') &&
        numbers.every((key) => row[key] === undefined || typeof row[key] === 'number'),
    )
  );
}

/**
 * Reads a report from a file.
 *
 * @param text JSON, as `convlens bench` and the bench page write it
 * @throws LensError `E_REPORT` when it is none, or a newer one
 */
export function readReport(text: string): BenchReport {
  const fail = (got: string): never => {
    throw new LensError(
      'E_REPORT',
      `Expected a bench report of Convlens (JSON), got ${got}. Save one with "JSON" on the bench page, or with convlens bench.`,
    );
  };
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return fail('something that is no JSON');
  }
  if (!isObject(found) || typeof found.convlensBench !== 'number') return fail('other JSON');
  if (found.convlensBench > REPORT_VERSION) {
    return fail(`one of the newer version ${found.convlensBench}`);
  }
  const { machine, runtimes, work, operators } = found;
  const timings = ['batch', 'medianMs', 'leastMs', 'mostMs', 'gflops', 'difference', 'prepareMs'];
  const whole =
    isObject(machine) &&
    typeof machine.name === 'string' &&
    rows(runtimes, ['runtime'], ['peak', 'memory', 'startMs']) &&
    rows(work, ['runtime', 'network', 'work'], timings) &&
    rows(operators, ['runtime', 'name'], ['value', 'gradient']);
  return whole ? (found as unknown as BenchReport) : fail('a report with parts missing');
}
