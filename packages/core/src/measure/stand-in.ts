import type { Executor, Gpu, GpuOutput, GpuProgram, Program } from '@convlens/runtime';

/**
 * A runtime whose networks are run once and give the same answers from then on, at once: what is left of any work is what
 * it does besides the network.
 *
 * @param executor the runtime
 */
export function standIn(executor: Executor): Executor {
  return {
    prepare: async (graph, precision) => answering(await executor.prepare(graph, precision)),
    ...(executor.gpu && { gpu: onGpu(executor.gpu) }),
  };
}

function answering(program: Program): Program {
  let answer: ReturnType<Program['run']> | undefined;
  return {
    run: (...asked) => (answer ??= program.run(...asked)),
    dispose: () => program.dispose(),
  };
}

function onGpu(gpu: Gpu): Gpu {
  return { ...gpu, prepare: async (graph) => answeringOnGpu(await gpu.prepare(graph)) };
}

function answeringOnGpu(program: GpuProgram): GpuProgram {
  let answer: Promise<Record<string, GpuOutput>> | undefined;
  return {
    async run(feeds) {
      const outputs = await (answer ??= program.run(feeds));
      // They stay until the program is gone.
      const lent = Object.entries(outputs).map(([name, { buffer }]): [string, GpuOutput] => [
        name,
        { buffer, free: () => undefined },
      ]);
      return Object.fromEntries(lent);
    },
    async dispose() {
      const outputs = await answer?.catch(() => undefined);
      for (const output of Object.values(outputs ?? {})) output.free();
      await program.dispose();
    },
  };
}
