import { describeNetwork } from '@convlens/adapters';
import { receptiveFields } from '@convlens/core';
import { supportedOperators } from '@convlens/onnx';
import { differentiableOperators } from '@convlens/autodiff';
import { parse } from '../arguments.js';
import { readModel } from '../files.js';

/** `convlens inspect`: what a model is. */
export function inspect(args: readonly string[]): Promise<string> {
  const given = parse(args, { json: { type: 'boolean' } });
  const { graph, knowledge, bytes } = readModel(given.model);
  const network = describeNetwork(graph, knowledge);
  const fields = receptiveFields(network.graph, network.input.name);
  const known = new Set(supportedOperators());
  const differentiable = new Set(differentiableOperators());
  const operators = [...new Set(network.graph.nodes.map(({ op }) => op))].sort().map((op) => ({
    op,
    count: network.graph.nodes.filter((node) => node.op === op).length,
    supported: known.has(op),
    differentiable: differentiable.has(op),
  }));
  const layers = network.layers.map((layer) => {
    const field = fields.get(layer.value);
    return {
      id: layer.id,
      value: layer.value,
      kind: layer.kind,
      op: layer.op,
      shape: layer.shape,
      parameters: layer.parameters,
      macs: layer.macs,
      receptiveField: field
        ? [field.rows.high - field.rows.low + 1, field.columns.high - field.columns.low + 1]
        : null,
    };
  });
  const { family, title, input, preprocessing, logits, parameters, macs, guesses, lastConv } =
    network;
  const report = {
    title,
    family,
    bytes,
    opset: graph.opset,
    producer: graph.producer,
    input,
    preprocessing,
    logits: logits ?? null,
    lastConv,
    parameters,
    macs,
    guesses,
    operators,
    layers,
  };
  if (given.flag('json')) return Promise.resolve(JSON.stringify(report, null, 2));
  const row = (cells: readonly string[]): string =>
    [
      cells[0]!.padEnd(32),
      cells[1]!.padEnd(20),
      cells[2]!.padEnd(16),
      cells[3]!.padStart(12),
      cells[4]!.padStart(14),
    ]
      .join(' ')
      .trimEnd();
  const lines = [
    `${title} (${family}), opset ${graph.opset}, ${bytes} bytes`,
    `input ${input.name} ${input.shape.join(' x ')}, ${preprocessing.channelOrder} 0-${preprocessing.range}, mean ${preprocessing.mean.join(' ')}, std ${preprocessing.std.join(' ')}`,
    `${parameters} parameters, ${macs} multiply-adds, ${logits ? `${logits.classes} classes` : 'no classifier'}`,
    ...guesses.map((guess) => `assumed: ${guess}`),
    '',
    row(['layer', 'operator', 'shape', 'parameters', 'multiply-adds']),
    ...layers.map(({ id, op, shape, parameters: own, macs: cost }) =>
      row([id, op, shape.join(' x '), String(own), String(cost)]),
    ),
    '',
    'operators:',
    ...operators.map(
      ({ op, count, supported, differentiable: has }) =>
        `  ${op} (${count})${supported ? '' : ', not supported'}${has ? '' : ', no derivative'}`,
    ),
  ];
  return Promise.resolve(lines.join('\n'));
}
