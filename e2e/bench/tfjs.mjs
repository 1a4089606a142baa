// The yardstick: TensorFlow.js's own autodiff on its WASM backend, one thread, VGG-16 to relu4_3 at 224 x 224.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

const require = createRequire(import.meta.url);
const BLOCKS = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
];

/** A forward pass, and value and gradient, by TensorFlow.js. */
export async function tensorflowPrograms() {
  // Only the CommonJS entries register gradients on the core that the backend uses.
  const tf = require('@tensorflow/tfjs');
  const wasm = require('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  wasm.setThreadsCount(1);
  await tf.setBackend('wasm');
  let inputs = 3;
  const weights = BLOCKS.map((block) =>
    block.map((outputs) => {
      const deviation = Math.sqrt(2 / (9 * inputs));
      const filter = tf.randomNormal([3, 3, inputs, outputs], 0, deviation, 'float32', outputs);
      inputs = outputs;
      return filter;
    }),
  );
  const objective = (x) => {
    let y = x;
    for (const [i, block] of weights.entries()) {
      if (i > 0) y = tf.maxPool(y, 2, 2, 'valid');
      for (const filter of block) y = tf.relu(tf.conv2d(y, filter, 1, 'same'));
    }
    return tf.mul(tf.mean(tf.square(y)), 0.5);
  };
  const image = tf.randomNormal([1, 224, 224, 3], 0, 1, 'float32', 7);
  const run = (compute) => async () => {
    const result = tf.tidy(() => compute(image));
    await result.data();
    result.dispose();
  };
  return { forward: run(objective), valueAndGradient: run(tf.grad(objective)) };
}
