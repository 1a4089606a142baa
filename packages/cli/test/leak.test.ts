import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeNetwork } from '@convlens/adapters';
import { gradient, Gradients } from '@convlens/core';
import {
  createNodeExecutor,
  createNodeTfjsExecutor,
  createNodeWasmExecutor,
  type OrtExecutor,
  type TfjsExecutor,
} from '@convlens/engine/node';
import { float32, read } from '@convlens/onnx';
import { full } from '@convlens/tooling/tier.mjs';

const model = fileURLToPath(new URL('../../../models/vgg11.onnx', import.meta.url));

const start: Readonly<Record<string, () => Promise<OrtExecutor | TfjsExecutor>>> = {
  'ort-node': () => Promise.resolve(createNodeExecutor()),
  'ort-wasm': () => createNodeWasmExecutor(),
  'tfjs-wasm': () => createNodeTfjsExecutor(),
};

/** What a gradient leaves behind shows after few; a thousand also show what one in hundreds does. */
const COUNT = full ? 1000 : 60;

describe.each(['ort-node', 'ort-wasm', 'tfjs-wasm'])(`%s: ${COUNT} gradients`, (runtime) => {
  it('leave sessions, tensors and WebAssembly memory where they were after ten', async () => {
    const memories: WebAssembly.Memory[] = [];
    const Original = WebAssembly.Memory;
    WebAssembly.Memory = class extends Original {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        super(descriptor);
        memories.push(this);
      }
    };
    // TensorFlow.js has its memory made by its module.
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = (async (source: BufferSource, imports?: WebAssembly.Imports) => {
      const made = await instantiate(source, imports);
      for (const part of Object.values(made.instance.exports)) {
        if (part instanceof Original) memories.push(part);
      }
      return made;
    }) as typeof WebAssembly.instantiate;
    const bytes = (): number => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    const executor = await start[runtime]!();
    const tensors = (): number => ('tensors' in executor ? executor.tensors : 0);
    const network = describeNetwork(read(readFileSync(model)));
    const gradients = new Gradients(network, executor, 'portable');
    const once = async (i: number): Promise<void> => {
      const data = Float32Array.from({ length: 3 * 64 * 64 }, (_, k) => Math.sin(k + i));
      const input = float32(data, [1, 3, 64, 64]);
      const { gradient: found } = await gradient(network, gradients, input, {
        kind: 'class',
        index: i % 100,
      });
      expect(found.data.length).toBe(3 * 64 * 64);
    };
    for (let i = 0; i < 10; i++) await once(i);
    const early = { sessions: executor.sessions, tensors: tensors(), wasm: bytes() };
    for (let i = 10; i < COUNT; i++) await once(i);
    expect({ sessions: executor.sessions, tensors: tensors(), wasm: bytes() }).toEqual(early);
    if (runtime !== 'ort-node') expect(early.wasm).toBeGreaterThan(1e6);
    WebAssembly.Memory = Original;
    WebAssembly.instantiate = instantiate;
    await gradients.dispose();
    expect(executor.sessions).toBe(0);
  }, 600_000);
});
