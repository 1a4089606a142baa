// Writes src/worker/conformance-case.ts: a small network with its derivative, and what it computes, as every backend must.
//
//   node tools/conformance-case.mjs
//
// Weights and inputs are multiples of 1/8, so that sums are exact and equal maxima are equal everywhere. The numbers come
// from onnxruntime-node.
import { Buffer } from 'node:buffer';
import { writeFileSync } from 'node:fs';
import { vjp } from '@convlens/autodiff';
import { float32, GraphBuilder, simplify, write } from '@convlens/onnx';
import { format } from 'prettier';
import { createNodeExecutor } from '../dist/node/index.js';

const b = new GraphBuilder({ name: 'conformance' });
let seed = 7;

/** Multiples of 1/8 between -1/2 and 1/2, the same every time. */
function weights(name, shape) {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const data = Float32Array.from({ length: count }, () => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return ((seed >> 16) % 9) / 8 - 0.5;
  });
  return b.weight(name, float32(data, shape));
}

const conv = (x, name, inputs, outputs, kernel, stride, pad) =>
  b.emit(
    'Conv',
    [x, weights(`w${name}`, [outputs, inputs, kernel, kernel]), weights(`b${name}`, [outputs])],
    { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] },
  );
const pool = (op, x, kernel, stride, pad) =>
  b.emit(op, [x], {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
  });

const first = b.emit('Relu', [conv(b.input('x', [1, 3, 9, 9]), 0, 3, 8, 3, 1, 1)]);
const pooled = pool('MaxPool', first, 3, 2, 1);
const second = b.emit('Relu', [conv(pooled, 1, 8, 6, 3, 2, 1)]);
const flat = b.emit('Flatten', [b.emit('GlobalAveragePool', [second])], { axis: 1 });
const logits = b.emit('Gemm', [flat, weights('w', [4, 6]), weights('b', [4])], { transB: 1 });
const graph = b.finish([logits]);
const product = vjp(graph, {
  cotangents: { [logits]: { input: 'dy' } },
  wrt: ['x'],
  pool: 'portable',
  outputs: [logits],
});
const bytes = write(simplify(product.graph));

const x = float32(
  Float32Array.from({ length: 243 }, (_, i) => (((i * 7) % 13) - 6) / 8),
  [1, 3, 9, 9],
);
const dy = float32(Float32Array.of(1, -0.5, 0.25, 2), [1, 4]);
const program = await createNodeExecutor().prepare(product.graph);
const results = await program.run({ x, dy });
const encode = (data) =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
const text = `// Made by tools/conformance-case.mjs.
import type { ConformanceCase } from './conformance.js';

/** A small network, forward and differentiated, and what it computes. */
export const CONFORMANCE_CASE: ConformanceCase = {
  model: '${encode(bytes)}',
  value: '${logits}',
  gradient: '${product.gradients.x}',
  expected: {
    value: '${encode(results[logits].data)}',
    gradient: '${encode(results[product.gradients.x].data)}',
  },
};
`;
const options = { parser: 'typescript', printWidth: 100, singleQuote: true };
writeFileSync(
  new URL('../src/worker/conformance-case.ts', import.meta.url),
  await format(text, options),
);
console.log(bytes.length, results[logits].data, results[product.gradients.x].data.slice(0, 6));
