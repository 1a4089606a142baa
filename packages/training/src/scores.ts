import type { Graph } from '@convlens/onnx';

/** What may stand between the scores and the end of a network without being one of them. */
const BEHIND = new Set(['Softmax', 'LogSoftmax', 'Sigmoid', 'Identity']);

/**
 * The scores of a network: its first output or, where that is a softmax or a sigmoid, what goes into it.
 *
 * @param graph the network
 * @returns name of the value
 */
export function scoresOf({ nodes, outputs }: Graph): string {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  let at = outputs[0]!.name;
  for (;;) {
    const maker = makers.get(at);
    if (maker?.domain !== '' || !BEHIND.has(maker.op)) return at;
    at = maker.inputs[0]!;
  }
}
