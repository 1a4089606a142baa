/** Middle value. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median, smallest and largest, rounded to a tenth. */
export function summary(values) {
  const round = (value) => Math.round(value * 10) / 10;
  return {
    median: round(median(values)),
    least: round(Math.min(...values)),
    most: round(Math.max(...values)),
    count: values.length,
  };
}

/** Ratios of times that were taken in turn, round by round: median, smallest and largest, rounded to a hundredth. */
export function ratio(times, base) {
  const ratios = times.map((time, round) => time / base[round]);
  const rounded = (value) => Math.round(value * 100) / 100;
  return {
    median: rounded(median(ratios)),
    least: rounded(Math.min(...ratios)),
    most: rounded(Math.max(...ratios)),
  };
}
