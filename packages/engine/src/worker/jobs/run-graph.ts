import { read } from '@convlens/onnx';
import type { GraphRequest, GraphResult } from '../../shared/api.js';
import type { Job } from './job.js';

/** Runs a graph that the page brings, once: for checks of a backend, and for research. */
export const job: Job<GraphRequest, GraphResult> = {
  run: (desk, { model, feeds }) =>
    desk.onRuntime(async ({ runtime, report }) => {
      const program = await runtime.executor.prepare(read(model));
      try {
        const began = performance.now();
        const outputs = await program.run(feeds);
        return { outputs, backend: report, runMs: performance.now() - began };
      } finally {
        await program.dispose();
      }
    }),
};
