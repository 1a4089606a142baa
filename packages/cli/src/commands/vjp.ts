import { vjp } from '@convlens/autodiff';
import { projectionRules, type ProjectionRule } from '@convlens/core';
import { inferShapes } from '@convlens/onnx';
import { parse, splitPair, UsageError } from '../arguments.js';
import { Output, readModel, readTensor } from '../files.js';
import { poolOf, runtimeOf } from '../runtime.js';

/**
 * A rule at every ReLU, checked.
 *
 * @throws UsageError
 */
export function ruleOf(text = 'backprop'): ProjectionRule {
  const rule = projectionRules.find((known) => known === text);
  if (!rule) throw new UsageError(`--rule is one of ${projectionRules.join(', ')}, got "${text}"`);
  return rule;
}

/** `convlens vjp`: vector-Jacobian products of any model, as .npy. */
export async function vjpCommand(args: readonly string[]): Promise<string> {
  const given = parse(args, {
    input: { type: 'string', multiple: true },
    cotangent: { type: 'string', multiple: true },
    wrt: { type: 'string', multiple: true },
    rule: { type: 'string' },
    out: { type: 'string' },
  });
  const rule = ruleOf(given.text('rule'));
  const folder = given.needed('out');
  const pairs = (option: string): (readonly [string, string])[] =>
    given.list(option).map((pair) => splitPair(pair, option));
  const wrt = given.list('wrt');
  if (wrt.length === 0) throw new UsageError('--wrt is missing');
  const cotangents = pairs('cotangent');
  if (cotangents.length === 0) throw new UsageError('--cotangent is missing');
  const feeds = Object.fromEntries(pairs('input').map(([name, file]) => [name, readTensor(file)]));
  const { graph } = readModel(given.model);
  // The shapes of what is fed settle open extents: derivatives need to know them.
  const shapes = Object.fromEntries(
    Object.entries(feeds).map(([name, { shape }]) => [name, shape]),
  );
  const fixed = inferShapes(graph, { inputs: shapes });
  const outputs = fixed.outputs.map(({ name }) => name);
  const made = vjp(fixed, {
    cotangents: Object.fromEntries(
      cotangents.map(([name, file]) => [name, { constant: readTensor(file) }]),
    ),
    wrt,
    rule,
    outputs,
    pool: poolOf(given.text('runtime')),
  });
  const executor = await runtimeOf(given, 'numbers');
  const program = await executor.prepare(made.graph);
  const missing = made.graph.inputs.find(({ name }) => feeds[name] === undefined);
  if (missing) throw new UsageError(`--input ${missing.name}=FILE.npy is missing`);
  const used = Object.fromEntries(made.graph.inputs.map(({ name }) => [name, feeds[name]!]));
  const results = await program.run(used);
  const output = new Output(folder);
  for (const name of outputs) output.tensor(name, results[name]!);
  for (const name of wrt) output.tensor(`d_${name}`, results[made.gradients[name]!]!);
  await program.dispose();
  return output.written.join('\n');
}
