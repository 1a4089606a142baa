import type { Random } from '../random.js';

/** What nodes compute of the sum of their inputs, with values from -1 to 1 (or 0 to 1). */
const SHAPES = [
  (v: number): number => Math.sin(v),
  (v: number): number => Math.exp(-v * v),
  (v: number): number => Math.tanh(v),
  (v: number): number => Math.min(1, Math.abs(v)),
  (v: number): number => Math.cos(v),
] as const;

/** A node: its function, and weights of nodes or inputs before it. */
interface CppnNode {
  readonly shape: number;
  readonly from: readonly (readonly [source: number, weight: number])[];
}

/**
 * A compositional pattern-producing network: colours as a function of the place. Its inputs are x and y from -1 to 1, the
 * distance from the centre, and 1; the last nodes are the colours.
 *
 * @see Stanley, Compositional pattern producing networks, GPEM 2007
 */
export interface Cppn {
  readonly nodes: readonly CppnNode[];
}

const INPUTS = 4;
/** Chances of a mutation to be structural, the largest deviation of weights, and the most nodes. */
const MUTATION = { node: 0.3, link: 0.4, shape: 0.1, weight: 0.3, deviation: 1.5, most: 40 };

/** Around 0, with deviation 1. */
function normal(random: Random): number {
  let sum = -6;
  for (let draw = 0; draw < 12; draw++) sum += random.uniform();
  return sum;
}

/**
 * A network without hidden nodes.
 *
 * @param channels colours
 * @param random seeded
 */
export function firstCppn(channels: number, random: Random): Cppn {
  return {
    nodes: Array.from({ length: channels }, () => ({
      shape: random.below(SHAPES.length),
      from: Array.from({ length: INPUTS }, (_, source) => [source, 2 * normal(random)] as const),
    })),
  };
}

/**
 * A child: weights change, and now and then a node grows into a link, a link is added, or a node gets another function.
 *
 * @param parent left as it is
 * @param channels colours
 * @param random seeded
 */
export function mutated(parent: Cppn, channels: number, random: Random): Cppn {
  // Large changes find something new, small ones make it better.
  const deviation = MUTATION.deviation * 2 ** (-6 * random.uniform());
  let nodes: CppnNode[] = parent.nodes.map(({ shape, from }) => ({
    shape: random.uniform() < MUTATION.shape ? random.below(SHAPES.length) : shape,
    from: from.map(([source, weight]): readonly [number, number] =>
      random.uniform() < MUTATION.weight
        ? [source, weight + deviation * normal(random)]
        : [source, weight],
    ),
  }));
  if (random.uniform() < MUTATION.node && nodes.length < MUTATION.most) {
    // The new node goes before the colours: their number, and that of nothing else, grows by one.
    const at = nodes.length - channels;
    const source = random.below(INPUTS + at);
    const node: CppnNode = {
      shape: random.below(SHAPES.length),
      from: [[source, 2 * normal(random)]],
    };
    nodes = [...nodes.slice(0, at), node, ...nodes.slice(at)];
    const colour = at + 1 + random.below(channels);
    nodes[colour] = linked(nodes[colour]!, INPUTS + at, random);
  }
  if (random.uniform() < MUTATION.link) {
    const to = random.below(nodes.length);
    // Colours do not read each other.
    const before = INPUTS + Math.min(to, nodes.length - channels);
    nodes[to] = linked(nodes[to]!, random.below(before), random);
  }
  return { nodes };
}

function linked({ shape, from }: CppnNode, source: number, random: Random): CppnNode {
  return { shape, from: [...from, [source, normal(random)]] };
}

/**
 * The picture of a network.
 *
 * @param cppn the network
 * @param shape `[channels, height, width]`
 * @returns float32 in [0, 1], C x H x W
 */
export function paintCppn(
  { nodes }: Cppn,
  [channels, height, width]: readonly [number, number, number],
): Float32Array {
  const out = new Float32Array(channels * height * width);
  const values = new Float64Array(INPUTS + nodes.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [(2 * x + 1) / width - 1, (2 * y + 1) / height - 1];
      values.set([u, v, Math.hypot(u, v), 1]);
      nodes.forEach(({ shape, from }, i) => {
        let sum = 0;
        for (const [source, weight] of from) sum += weight * values[source]!;
        values[INPUTS + i] = SHAPES[shape]!(sum);
      });
      for (let c = 0; c < channels; c++) {
        const value = values[values.length - channels + c]!;
        out[(c * height + y) * width + x] = Math.min(1, Math.max(0, (value + 1) / 2));
      }
    }
  }
  return out;
}
