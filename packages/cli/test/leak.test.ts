import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeNetwork } from '@convlens/adapters';
import { gradient, Gradients } from '@convlens/core';
import { createNodeExecutor, createNodeWasmExecutor } from '@convlens/engine/node';
import { float32, read } from '@convlens/onnx';

const model = fileURLToPath(new URL('../../../models/vgg11.onnx', import.meta.url));

describe.each(['ort-node', 'ort-wasm'] as const)('%s: a thousand gradients', (runtime) => {
  it('leave sessions and WebAssembly memory where they were after ten', async () => {
    const memories: WebAssembly.Memory[] = [];
    const Original = WebAssembly.Memory;
    WebAssembly.Memory = class extends Original {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        super(descriptor);
        memories.push(this);
      }
    };
    const bytes = (): number => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    const executor = runtime === 'ort-node' ? createNodeExecutor() : await createNodeWasmExecutor();
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
    const early = { sessions: executor.sessions, wasm: bytes() };
    for (let i = 10; i < 1000; i++) await once(i);
    expect({ sessions: executor.sessions, wasm: bytes() }).toEqual(early);
    if (runtime === 'ort-wasm') expect(early.wasm).toBeGreaterThan(1e6);
    WebAssembly.Memory = Original;
    await gradients.dispose();
    expect(executor.sessions).toBe(0);
  }, 240_000);
});
