import type { AxisField, ReceptiveField } from './receptive-field.js';

/** A rectangle in pixels of the network's input; parts of it may lie outside the image. */
export interface FieldWindow {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

type Span = readonly [start: number, length: number];

function windowBy(
  span: (at: number, field: AxisField, extent: number) => Span,
  field: ReceptiveField | undefined,
  place: readonly [row: number, column: number],
  [height, width]: readonly [height: number, width: number],
): FieldWindow {
  if (!field) return { left: 0, top: 0, width, height };
  const [top, tall] = span(place[0], field.rows, height);
  const [left, wide] = span(place[1], field.columns, width);
  return { left, top, width: wide, height: tall };
}

/**
 * The part of the image that a unit sees: its receptive field, cut to the image.
 *
 * @param field of its layer; undefined when a unit sees the whole image
 * @param place row and column of the unit
 * @param extents height and width of the network's input
 * @returns at least one pixel each way
 */
export function seenWindow(
  field: ReceptiveField | undefined,
  place: readonly [row: number, column: number],
  extents: readonly [height: number, width: number],
): FieldWindow {
  const span = (at: number, { stride, low, high }: AxisField, extent: number): Span => {
    const start = Math.min(extent - 1, Math.max(0, at * stride + low));
    return [start, Math.max(1, Math.min(extent, at * stride + high + 1) - start)];
  };
  return windowBy(span, field, place, extents);
}

/**
 * The receptive field of a unit, not cut, so that all units of a layer have windows of one size: at the border a part
 * lies outside the image, as padding. Along an axis on which the field is as long as the image, it is the image.
 *
 * @param field of its layer; undefined when a unit sees the whole image
 * @param place row and column of the unit
 * @param extents height and width of the network's input
 */
export function fieldWindow(
  field: ReceptiveField | undefined,
  place: readonly [row: number, column: number],
  extents: readonly [height: number, width: number],
): FieldWindow {
  const span = (at: number, { stride, low, high }: AxisField, extent: number): Span =>
    high - low + 1 < extent ? [at * stride + low, high - low + 1] : [0, extent];
  return windowBy(span, field, place, extents);
}
