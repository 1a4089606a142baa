const weight = {
  kind: 'number',
  title: 'Weight',
  unit: 'none',
  fallback: 1,
  low: -1e6,
  high: 1e6,
} as const;
const index = {
  kind: 'number',
  unit: 'count',
  required: true,
  fallback: 0,
  low: 0,
  high: 1e7,
} as const;
const layer = { kind: 'text', title: 'Layer', required: true, fallback: '' } as const;
const channel = { ...index, title: 'Channel' } as const;
const place = { kind: 'number', unit: 'count', fallback: 0, low: 0, high: 1e7 } as const;

/** The schemas of all terms of a goal. */
export const termParameters = {
  class: { index: { ...index, title: 'Class' }, weight },
  probability: { index: { ...index, title: 'Class' }, weight },
  channel: { layer, weight, channel },
  neuron: {
    layer,
    weight,
    channel,
    row: { ...place, title: 'Row' },
    column: { ...place, title: 'Column' },
  },
  layer: { layer, weight },
  direction: {
    layer,
    weight,
    direction: {
      kind: 'numbers',
      title: 'Direction',
      required: true,
      fallback: [1],
      low: -1e9,
      high: 1e9,
      most: 1e5,
    },
    cosine: {
      kind: 'number',
      title: 'Power of the cosine',
      unit: 'none',
      fallback: 0,
      low: 0,
      high: 10,
    },
  },
  match: { layer, weight },
  guide: { layer, weight },
  diversity: {
    layer,
    weight: {
      ...weight,
      title: 'Diversity',
      about: 'pushes several pictures apart',
      control: [0, 1000],
    },
  },
} as const;
