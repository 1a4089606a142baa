import type { Graph } from '@convlens/onnx';

/** The families that Convlens knows by name; `generic` is any other CNN. */
export type Family = 'alexnet' | 'vgg' | 'resnet' | 'densenet' | 'generic';

/** What a layer does, for colour and grouping. */
export type LayerKind =
  | 'input'
  | 'conv'
  | 'norm'
  | 'activation'
  | 'pool'
  | 'add'
  | 'concat'
  | 'dense'
  | 'softmax'
  | 'other';

/** A named value of the graph that a person would pick. */
export interface Layer {
  /** Name a person knows, unique within the network: `conv1`, `layer3.1.relu`, `relu4_3`, `fc7`. */
  readonly id: string;
  /** The value in the graph. */
  readonly value: string;
  readonly kind: LayerKind;
  /** ONNX operator that computes it. */
  readonly op: string;
  /** Extents without the batch: `[channels, height, width]` of a map, `[units]` of a vector. */
  readonly shape: readonly number[];
  /** Numbers this layer learnt: weights and biases of its own node. */
  readonly parameters: number;
  /** Multiply-adds of this layer for one image. */
  readonly macs: number;
  /** Initialiser with the kernels `[out, in / groups, kh, kw]` of a convolution or the matrix of a dense layer. */
  readonly weight?: string;
  /** `[out, in]` for `Gemm` with transB = 1, else `[in, out]`. Only with a dense layer's `weight`. */
  readonly weightOrder?: 'out-in' | 'in-out';
  /** Shape `[channels, height, width]` of the map that a dense layer flattens, when it does. */
  readonly flattened?: readonly [number, number, number];
  /** Ids of the layers whose values reach this one with no other layer between. */
  readonly from: readonly string[];
  /** The part of the network it belongs to: `layer3`, `denseblock2`, `conv4`, `classifier`. */
  readonly stage: string;
  /** Block inside the stage: `layer3.1`, `denseblock2.denselayer4`; the stage where there are no blocks. */
  readonly block: string;
  /** True for the layers to show first: the results of blocks, stages and well-known layers. */
  readonly main: boolean;
}

/** How pixels become the network's input: x[c] = (range * p[order[c]] - mean[c]) / std[c], p in [0, 1]. */
export interface Preprocessing {
  /** `GRAY` for one channel. Other channel counts have no colour meaning and keep their order. */
  readonly channelOrder: 'RGB' | 'BGR' | 'GRAY';
  /** 1 or 255: the largest value of a pixel before mean and std. */
  readonly range: number;
  /** One a channel, in the order of the input's channels. */
  readonly mean: readonly number[];
  /** One a channel, in the order of the input's channels. */
  readonly std: readonly number[];
}

/** A network: its graph and what a person needs to know to use it. */
export interface Network {
  readonly family: Family;
  /** For people: `ResNet-18`, `VGG-11 with batch norm`, `CNN with 12 convolutions`. */
  readonly title: string;
  /**
   * The simplified graph with all shapes inferred, batch normalisation folded into the convolution before it. An
   * open batch stays open (a symbol, as in `['N', 64, 56, 56]`), so that it runs with any; a fixed one is 1.
   */
  readonly graph: Graph;
  /**
   * The graph as the file has it, but for the extents of its image: batch normalisation is not folded, dropout is there. This
   * is what learns (`trainingMode`, `differentiate`); values that are layers have the same names in it. Only when it was asked
   * for.
   */
  readonly unfolded?: Graph;
  /** Name and `[channels, height, width]` of the image input. */
  readonly input: { readonly name: string; readonly shape: readonly [number, number, number] };
  readonly preprocessing: Preprocessing;
  /** Value of the class scores before any softmax, and the number of classes; absent without a classifier. */
  readonly logits?: { readonly value: string; readonly classes: number };
  /** Line k names class k. Absent when nothing is known. */
  readonly classes?: readonly string[];
  /** In the order of computation, the input not among them. */
  readonly layers: readonly Layer[];
  /** Layer id of the first convolution on the image. */
  readonly firstConv: string;
  /** Layer id of the last value that still has a spatial extent and comes from a convolution (for Grad-CAM). */
  readonly lastConv: string;
  /** Layer ids of the dense layers (or 1x1 convolutions that act as such), in order. */
  readonly classifier: readonly string[];
  /** Numbers that the file's network learnt: those of batch normalisation count as they were before folding. */
  readonly parameters: number;
  /** Multiply-adds of all layers for one image. */
  readonly macs: number;
  /** In words, what was assumed rather than read: preprocessing, input size, classes. */
  readonly guesses: readonly string[];
}

/** What is known about a network from outside its graph (a manifest entry, a person's choice). All optional. */
export interface Knowledge {
  readonly title?: string;
  readonly preprocessing?: Preprocessing;
  readonly classes?: readonly string[];
  /** `[height, width]` to use where the file leaves the input size open. */
  readonly inputSize?: readonly [number, number];
}
