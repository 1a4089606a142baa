import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readNpy, writeNpy } from '@convlens/data';
import { float32, GraphBuilder, write, type DType, type TensorData } from '@convlens/onnx';
import { zipSync } from 'fflate';
import { main } from '../src/main.js';

const folder = mkdtempSync(join(tmpdir(), 'convlens-train-'));
const at = (...names: string[]): string => join(folder, ...names);

async function convlens(...args: string[]): Promise<{ code: number; err: string }> {
  let err = '';
  const code = await main(
    args,
    () => undefined,
    (text) => (err += text),
  );
  return { code, err };
}

/** Two classes of 4 pixels, told apart by one dense layer. */
function files(labels: readonly number[]): void {
  const b = new GraphBuilder({ name: 'dense' });
  const x = b.input('x', ['N', 1, 2, 2]);
  const weight = b.weight('fc/weight', float32(new Float32Array(8), [2, 4]));
  const bias = b.weight('fc/bias', float32(new Float32Array(2), [2]));
  b.output(b.emit('Gemm', [b.emit('Flatten', [x]), weight, bias], { transB: 1 }), 'y');
  writeFileSync(at('dense.onnx'), write(b.finish()));
  const images = Float32Array.from({ length: 2 * 2 * 4 }, (_, i) => ((i >> 2) % 2 === 0 ? 1 : -1));
  const t = { dtype: 'int32', shape: [2, 2], data: Int32Array.from(labels) } as const;
  const npy = (tensor: TensorData) => writeNpy(tensor as TensorData<Exclude<DType, 'string'>>);
  const arrays = { 'x.npy': npy(float32(images, [2, 2, 1, 2, 2])), 't.npy': npy(t) };
  writeFileSync(at('data.npz'), zipSync(arrays));
}

const train = (...more: string[]) =>
  convlens('train', at('dense.onnx'), '--batches', at('data.npz'), '--out', at('out'), ...more);

it('writes the loss of every step, and the weights after those that were asked for', async () => {
  files([0, 1, 0, 1]);
  expect(await train('--lr', '1', '--steps', '3', '--save-at', '1,3')).toEqual({
    code: 0,
    err: '',
  });
  const [head, ...rows] = readFileSync(at('out', 'losses.csv'), 'utf8').trim().split('\n');
  expect(head).toBe('step,loss');
  const losses = rows.map((row) => row.split(',').map(Number));
  expect(losses.map(([step]) => step)).toEqual([1, 2, 3]);
  // Weights of zero know nothing; the third step sees the first batch again.
  expect(losses[0]![1]).toBeCloseTo(Math.log(2), 6);
  expect(losses[2]![1]).toBeLessThan(losses[0]![1]! / 4);
  // One step from nothing: w = -lr (softmax - t) x, mean over the batch.
  const first = readNpy(readFileSync(at('out', 'step1', 'fc_weight.npy')));
  expect(first.shape).toEqual([2, 4]);
  expect(Array.from(first.data as Float32Array)).toEqual([
    0.5, 0.5, 0.5, 0.5, -0.5, -0.5, -0.5, -0.5,
  ]);
  expect(readNpy(readFileSync(at('out', 'step3', 'fc_bias.npy'))).shape).toEqual([2]);
});

it('says what does not go together, and in which words to ask', async () => {
  files([0, 1, 0, 2]);
  expect((await train()).err).toMatch(/from 0 to 1, got 2/);
  expect((await train('--optimizer', 'adman')).err).toMatch(/one of sgd, adagrad.* got "adman"/);
  expect((await train('--loss', 'hinge')).code).toBe(64);
  expect((await train('--steps', '2', '--save-at', '1,9')).err).toMatch(/steps from 1 to 2/);
  writeFileSync(
    at('data.npz'),
    zipSync({ 'x.npy': writeNpy(float32(new Float32Array(4), [2, 2])) }),
  );
  expect((await train()).err).toMatch(
    /Expected x \[steps, batch, \.\.\.\].*got x \[2, 2\] and t nothing/,
  );
});
