/** Schema of the rate of every optimiser. */
export const rate = {
  kind: 'number',
  title: 'Rate',
  about: 'length of a step',
  unit: 'none',
  required: true,
  fallback: 0.05,
  low: 1e-9,
  high: 1e9,
  control: [0.0001, 10],
} as const;
