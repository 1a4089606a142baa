import type { NetworkSummary } from '@convlens/engine';

type Scheme = NetworkSummary['preprocessing'];

/** A way of feeding pixels that networks in the wild use. */
export interface SchemeChoice {
  readonly title: string;
  readonly scheme: Scheme;
}

const plain = (title: string, range: number, mean: number, std: number): SchemeChoice => ({
  title,
  scheme: {
    channelOrder: 'RGB',
    range,
    mean: [mean, mean, mean],
    std: [std, std, std],
  },
});

const COLOUR: readonly SchemeChoice[] = [
  {
    title: 'RGB, ImageNet mean and deviation (torchvision)',
    scheme: {
      channelOrder: 'RGB',
      range: 1,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    },
  },
  {
    title: 'BGR 0–255 minus mean (Caffe)',
    scheme: { channelOrder: 'BGR', range: 255, mean: [104, 117, 123], std: [1, 1, 1] },
  },
  plain('RGB 0–1', 1, 0, 1),
  plain('RGB −1–1', 1, 0.5, 0.5),
  plain('RGB 0–255', 255, 0, 1),
];

const GREY: readonly SchemeChoice[] = [1, 255].map((range) => ({
  title: `grey 0–${range}`,
  scheme: { channelOrder: 'GRAY', range, mean: [0], std: [1] },
}));

/**
 * Schemes to choose from.
 *
 * @param channels of the network's input
 */
export function preprocessingChoices(channels: number): readonly SchemeChoice[] {
  return channels === 1 ? GREY : COLOUR;
}

/** Tells whether two schemes feed the same numbers. */
export function sameScheme(a: Scheme, b: Scheme): boolean {
  const numbers = ({ range, mean, std }: Scheme): string => [range, ...mean, '/', ...std].join();
  return a.channelOrder === b.channelOrder && numbers(a) === numbers(b);
}
