// Value and gradient against the same runtime's forward pass on the graph as it was read.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const NETWORKS = ['alexnet', 'vgg16', 'resnet18', 'resnet50', 'densenet121'];
const programs = fileURLToPath(new URL('gradient-programs.mjs', import.meta.url));

/** A process for each measurement: the peak of its memory is that of one program. */
function measure(...args) {
  return JSON.parse(execFileSync(process.execPath, [programs, ...args], { encoding: 'utf8' }));
}

/** Times, ratios to the forward pass, and peak memory, by runtime and network. */
export function gradientRatios(rounds = 5) {
  const results = { 'ort-wasm': {}, 'ort-node': {} };
  for (const [runtime, found] of Object.entries(results)) {
    for (const network of NETWORKS) {
      const [plain, optimized] = ['memory-plain', 'memory-optimized'].map(
        (what) => measure(runtime, network, what).peakMemoryMB,
      );
      found[network] = {
        ...measure(runtime, network, 'times', String(rounds)),
        gradientPeakMemoryMB: { plain, optimized },
      };
    }
  }
  return { unit: 'ms', threads: 1, results };
}
