import type { Parameters, SettingsOf } from '../../schema/parameter.js';
import type { OffGpu } from '../off-gpu.js';
import type { Affine } from './affine.js';

/** What the network sees so far of an image: the chain is followed from the image to the input. */
export interface Seen {
  readonly height: number;
  readonly width: number;
  /** From coordinates of what is seen to those of the image. */
  readonly map: Affine;
  /** What is beyond the edges: the image again, or grey of this value (0 to 1). */
  readonly beyond: 'wrap' | number;
}

/** Random numbers of one view. */
export interface ViewRandom {
  /** A whole number from 0 to `count` - 1. */
  below(count: number): number;
  /** A number from 0 to 1. */
  unit(): number;
}

/**
 * A random change of the view, so that a picture cannot depend on single pixels. Lengths are pixels of the image. All are
 * affine maps, so one gradient serves them: the adjoint of the sampling.
 */
export interface TransformKind<P extends Parameters = Parameters> {
  /** For people. */
  readonly title: string;
  /** Its schema. */
  readonly parameters: P;
  /**
   * Draws it.
   *
   * @param settings of its parameters
   * @param seen so far
   * @param random numbers for this view
   * @param input `[height, width]` of the network's input
   */
  draw(
    settings: SettingsOf<P>,
    seen: Seen,
    random: ViewRandom,
    input: readonly [number, number],
  ): Seen;
  /** Whether the kernel for affine maps shows it, or why not. */
  readonly gpu: { readonly kernel: 'affine' } | OffGpu;
}
