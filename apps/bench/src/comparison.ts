import type { BenchReport, WorkRow } from '@convlens/core';

/** One bar: a measurement with the machine it is from. */
export interface Entry {
  readonly row: WorkRow;
  readonly report: BenchReport;
  /** How many times as long as the fastest of its group. */
  readonly ratio: number;
  /** GFLOP/s over the peak of the backend, 0..1. */
  readonly share: number | undefined;
}

/** The same work by every backend of every machine, fastest first; those that failed last. */
export interface Group {
  readonly key: string;
  readonly network: string;
  readonly work: WorkRow['work'];
  readonly batch: number;
  readonly entries: readonly Entry[];
}

const timeOf = ({ medianMs = Infinity }: WorkRow): number => medianMs;

/**
 * Puts together what was measured at the same work.
 *
 * @param reports of one or more machines
 */
export function groupWork(reports: readonly BenchReport[]): readonly Group[] {
  const groups = new Map<string, { row: WorkRow; report: BenchReport }[]>();
  for (const report of reports) {
    for (const row of report.work) {
      const key = `${row.network} ${row.work} ${row.batch}`;
      const group = groups.get(key) ?? [];
      groups.set(key, group);
      group.push({ row, report });
    }
  }
  return Array.from(groups, ([key, list]): Group => {
    const { network, work, batch } = list[0]!.row;
    const fastest = Math.min(...list.map(({ row }) => timeOf(row)));
    const entries = list
      .map(({ row, report }): Entry => {
        const peak = report.runtimes.find(({ runtime }) => runtime === row.runtime)?.peak;
        const share = peak && row.gflops !== undefined ? row.gflops / peak : undefined;
        return { row, report, ratio: timeOf(row) / fastest, share };
      })
      .sort((a, b) => timeOf(a.row) - timeOf(b.row));
    return { key, network, work, batch, entries };
  });
}

/**
 * The backend that is fastest at most of the work of one machine. What a step takes without its network is no work that
 * anyone wants by itself: it does not count.
 *
 * @param report what was measured there
 * @returns its id and how often it won, of how many; nothing when nothing was measured
 */
export function winner(
  report: BenchReport,
): { readonly runtime: string; readonly won: number; readonly of: number } | undefined {
  const wins = new Map<string, number>();
  const groups = groupWork([report]).filter(
    ({ work, entries }) => work !== 'besides' && entries[0]?.row.medianMs !== undefined,
  );
  for (const { entries } of groups) {
    const { runtime } = entries[0]!.row;
    wins.set(runtime, (wins.get(runtime) ?? 0) + 1);
  }
  const [best] = [...wins].sort((a, b) => b[1] - a[1]);
  return best && { runtime: best[0], won: best[1], of: groups.length };
}
