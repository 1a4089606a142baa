import { inferShapes } from '@convlens/onnx';
import { fitsFloat16, toFloat16, rangeOf } from '@convlens/optimizer';
import type { HalfPrecision } from './ort-executor.js';

/** float16 wherever that is enough, after a look at how large the numbers become. */
export const HALF_PRECISION: HalfPrecision = {
  toFloat16: (graph) => toFloat16(inferShapes(graph)),
  range: (graph) => rangeOf(inferShapes(graph)),
  fits: fitsFloat16,
};
