import { vjp } from '@convlens/autodiff';
import {
  elementCount,
  float32,
  inferShapes,
  rename,
  topologicalSort,
  valueNames,
  type Graph,
} from '@convlens/onnx';
import { VALUES } from './goal-graph.js';
import { GraphWriter } from './graph-writer.js';
import { IMAGE, imageGraph, type ImageOptions } from './image-graph.js';
import { ADAM, type Optimiser } from './optimisers.js';
import type { Canvas } from './parametrisation.js';
import type { Sampling } from './sampling.js';
import { writeViews, writeViewsAdjoint } from './view-graph.js';

/** Names of what a step is fed, besides the goals' own feeds. */
export const FEED = {
  /** float32 `[n, length]`. */
  parameters: IMAGE.parameters,
  /** First and second moments, float32 `[n, length]`, where the optimiser has them. */
  first: 'convlens_first',
  second: 'convlens_second',
  /** float32 `[1]`; Adam's with its correction of the bias. */
  rate: 'convlens_rate',
  /** float32 `[b, 2, 3]`: the maps of the views and their inverses, where there are any. */
  there: 'convlens_there',
  back: 'convlens_back',
} as const;

/** Names of what a step gives. */
export const STEP = {
  parameters: 'convlens_next_parameters',
  first: 'convlens_next_first',
  second: 'convlens_next_second',
  /** float32 `[n]`: what the network says, the same with penalties, and the sum of its gradient's magnitudes. */
  values: 'convlens_values',
  totals: 'convlens_totals',
  slopes: 'convlens_slopes',
} as const;

/** The views of a step; none where the network sees the picture as it is. */
export interface ResidentViews {
  readonly views: number;
  /** See `writeViewsAdjoint`. */
  readonly reach: number;
  /** Grey around the image, 0 to 1. */
  readonly beyond: number;
}

/**
 * A whole step as one graph: numbers to image, image to views, views to objective, and all the way back to the numbers'
 * own optimiser. A runtime that keeps its outputs can feed them to the next step, so that nothing has to leave it.
 *
 * @param objective graph of `Goals.graphOf` with the name of its gradient
 * @param input name of the network's input
 * @param canvas of the pictures
 * @param sampling sizes
 * @param options parametrisation, optimiser, pictures and views
 */
export function residentGraph(
  objective: { readonly graph: Graph; readonly gradient: string },
  input: string,
  canvas: Canvas,
  sampling: Sampling,
  options: ImageOptions & {
    readonly optimiser: Optimiser;
    readonly pictures: number;
    readonly views: ResidentViews | undefined;
  },
): Graph {
  const { pictures, views, optimiser } = options;
  const { channels } = canvas;
  const { opset } = objective.graph;
  const cotangent = 'convlens_image_cotangent';
  const image = named(
    vjp(imageGraph(canvas, pictures, opset, options), {
      cotangents: {
        [IMAGE.image]: { input: cotangent },
        [IMAGE.penalty]: { constant: float32(new Float32Array(pictures).fill(-1), [pictures]) },
      },
      wrt: [IMAGE.parameters],
      outputs: [IMAGE.image, IMAGE.penalty],
    }),
    [...Object.values(IMAGE), cotangent],
  );
  const network = named(
    { graph: objective.graph, gradients: { [input]: objective.gradient } },
    [...objective.graph.inputs.map(({ name }) => name)],
    'convlens_network',
  );
  const to = new GraphWriter('convlens_step');
  const [place, plane] = [sampling.input, sampling.image[0] * sampling.image[1]];
  const batch = pictures * (views?.views ?? 1);
  if (views) {
    const counts = { pictures, views: views.views, reach: views.reach };
    const there = to.input([batch, 2, 3], FEED.there);
    const back = to.input([batch, 2, 3], FEED.back);
    const seen = writeViews(to, IMAGE.image, there, sampling, counts, views.beyond);
    to.emit('Identity', [seen], {}, input);
    const found = writeViewsAdjoint(to, network.gradient, there, back, sampling, counts);
    to.emit('Identity', [found], {}, cotangent);
  } else {
    const shaped = to.reshape(IMAGE.image, [pictures, channels, ...place]);
    to.emit('Identity', [shaped], {}, input);
    const flat = to.reshape(network.gradient, [pictures, channels, plane]);
    to.emit('Identity', [flat], {}, cotangent);
  }
  const perPicture = (value: string, each: number, name: string): void => {
    const mean = to.emit('Mul', [
      to.sum(to.reshape(value, [pictures, each]), [1]),
      to.number(pictures / batch),
    ]);
    to.emit('Identity', [mean], {}, name);
  };
  perPicture(network.of(VALUES), batch / pictures, STEP.values);
  const size = to.emit('Abs', [network.gradient]);
  perPicture(size, (batch / pictures) * channels * place[0] * place[1], STEP.slopes);
  to.emit('Sub', [STEP.values, IMAGE.penalty], {}, STEP.totals);
  const kept = writeOptimiser(
    to,
    optimiser,
    image.gradient,
    pictures,
    elementCount(
      image.graph.inputs.find(({ name }) => name === IMAGE.parameters)!.shape!.map(Number),
    ) / pictures,
  );
  const inner = new Set([input, cotangent]);
  const parts = [image.graph, network.graph];
  const nodes = topologicalSort([...parts.flatMap((part) => part.nodes), ...to.nodes]);
  return inferShapes({
    ...objective.graph,
    name: 'step',
    inputs: [...parts.flatMap((part) => part.inputs), ...to.inputs].filter(
      ({ name }) => !inner.has(name),
    ),
    outputs: [STEP.parameters, ...kept, STEP.values, STEP.totals, STEP.slopes].map((name) => ({
      name,
      dtype: 'float32' as const,
      shape: [],
    })),
    nodes,
    initializers: new Map([...parts.flatMap((part) => [...part.initializers]), ...to.initializers]),
    values: new Map(parts.flatMap((part) => [...part.values])),
  });
}

/** A differentiated graph under names of its own, so that it can stand beside another. */
function named(
  {
    graph,
    gradients,
  }: { readonly graph: Graph; readonly gradients: Readonly<Record<string, string>> },
  fixed: readonly string[],
  prefix = 'convlens_pictures',
): { readonly graph: Graph; readonly gradient: string; readonly of: (name: string) => string } {
  const own = new Set(fixed);
  const of = (name: string): string => (own.has(name) || name === '' ? name : `${prefix}/${name}`);
  const mapping = [...valueNames(graph)].map((name) => [name, of(name)] as const);
  const renamed = rename(
    graph,
    Object.fromEntries(mapping.filter(([from, next]) => from !== next)),
  );
  const nodes = renamed.nodes.map((node) => ({ ...node, name: `${prefix}/${node.name}` }));
  return { graph: { ...renamed, nodes }, gradient: of(Object.values(gradients)[0]!), of };
}

/** Writes a step uphill, as `advance`; returns the names of the moments. */
function writeOptimiser(
  to: GraphWriter,
  optimiser: Optimiser,
  slope: string,
  pictures: number,
  length: number,
): string[] {
  const rate = to.input([1], FEED.rate);
  const moments = (name: string): string => to.input([pictures, length], name);
  const times = (value: string, factor: number): string =>
    to.emit('Mul', [value, to.number(factor)]);
  const move = (by: string): void => {
    to.emit('Add', [FEED.parameters, by], {}, STEP.parameters);
  };
  const decayed = (memory: string, share: number, news: string, name: string): string =>
    to.emit('Add', [times(memory, share), times(news, 1 - share)], {}, name);
  switch (optimiser.kind) {
    case 'ascent': {
      const kind = optimiser.normalise ?? 'rms';
      if (kind === 'none') {
        move(to.emit('Mul', [slope, rate]));
        return [];
      }
      const each = kind === 'mean' ? to.emit('Abs', [slope]) : to.emit('Mul', [slope, slope]);
      const total = times(to.sum(each, [1], 1), kind === 'length' ? 1 : 1 / length);
      const size = kind === 'mean' ? total : to.emit('Sqrt', [total]);
      // A gradient of zero moves nothing; any other is far larger than this.
      const divisor = to.emit('Add', [size, to.number(1e-30)]);
      move(to.emit('Mul', [to.emit('Div', [slope, divisor]), rate]));
      return [];
    }
    case 'momentum': {
      const memory = times(moments(FEED.first), optimiser.momentum ?? 0.9);
      to.emit('Add', [memory, to.emit('Mul', [slope, rate])], {}, STEP.first);
      move(STEP.first);
      return [STEP.first];
    }
    case 'adam': {
      decayed(moments(FEED.first), ADAM.first, slope, STEP.first);
      decayed(moments(FEED.second), ADAM.second, to.emit('Mul', [slope, slope]), STEP.second);
      const root = to.emit('Add', [to.emit('Sqrt', [STEP.second]), to.number(ADAM.epsilon)]);
      move(to.emit('Div', [to.emit('Mul', [STEP.first, rate]), root]));
      return [STEP.first, STEP.second];
    }
  }
}
