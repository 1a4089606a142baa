// The cases of the ONNX project's own suite for optimisers.
import type { Graph, Node } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { installed, load, suiteCases } from '../../autodiff/test/support/onnx-suite.js';
import { native } from '../../core/test/support/run.js';
import { writeOptimizers } from '../src/index.js';

const names = suiteCases().filter((name) =>
  /^test_(adam|adagrad|(nesterov_)?momentum)(_multiple)?$/.test(name),
);

/** What the suite computed a case with and its node does not say (the ONNX project allows this case an error of 1e-2). */
const UNSAID: Readonly<Record<string, Node['attributes']>> = {
  test_adam_multiple: { epsilon: { type: 'float', value: 0.01 } },
};

function withAttributes(graph: Graph, attributes: Node['attributes']): Graph {
  const nodes = graph.nodes.map((node) => ({
    ...node,
    attributes: { ...node.attributes, ...attributes },
  }));
  return { ...graph, nodes };
}

describe.skipIf(!installed)('the ONNX suite', () => {
  it('has the cases', () => {
    expect(names).toHaveLength(7);
  });

  it.each(names)('%s', async (name) => {
    const { graph: given, inputs, outputs } = load(name);
    const graph = UNSAID[name] ? withAttributes(given, UNSAID[name]) : given;
    const plain = writeOptimizers(graph);
    expect(plain.nodes.every(({ domain }) => domain === '')).toBe(true);
    const program = await native.prepare(plain);
    const results = await program.run(
      Object.fromEntries(graph.inputs.map((input, i) => [input.name, inputs[i]!])),
    );
    graph.outputs.forEach((output, i) => {
      const [found, right] = [results[output.name]!, outputs[i]!];
      expect(found.shape).toEqual(right.shape);
      Array.from(right.data as Float32Array).forEach((value, at) => {
        expect((found.data as Float32Array)[at]).toBeCloseTo(value, 5);
      });
    });
    await program.dispose();
  });
});

it.skipIf(installed)("the ONNX suite's cases (Debian's libonnx-testdata) are not there", () => {
  expect(names).toEqual([]);
});
