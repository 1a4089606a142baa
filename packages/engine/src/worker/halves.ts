import { inferShapes } from '@convlens/onnx';
import { fitsHalves, halve, rangeOf } from '@convlens/optimizer';
import type { Halves } from './ort-executor.js';

/** float16 wherever that is enough, after a look at how large the numbers become. */
export const HALVES: Halves = {
  halve: (graph) => halve(inferShapes(graph)),
  range: (graph) => rangeOf(inferShapes(graph)),
  fits: fitsHalves,
};
