/**
 * Remembers the WebAssembly memories that are made from now on. ONNX Runtime does not tell how much memory it has
 * taken, and it is the one number a person needs when a tab grows.
 */
const memories = new Set<WeakRef<WebAssembly.Memory>>();

/** Starts to watch; call before a runtime is loaded. */
export function watchWasmMemory(): void {
  WebAssembly.Memory = class extends WebAssembly.Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      memories.add(new WeakRef(this));
    }
  };
}

/**
 * Watches one that a module made for itself, without the constructor.
 *
 * @param memory what it exports
 */
export function watchMemory(memory: WebAssembly.Memory): void {
  memories.add(new WeakRef(memory));
}

/** Bytes of all WebAssembly memories that are alive. */
export function wasmMemoryBytes(): number {
  let bytes = 0;
  for (const memory of memories) bytes += memory.deref()?.buffer.byteLength ?? 0;
  return bytes;
}
