// The ONNX project's own suite; Debian's libonnx-testdata has it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { read, type Graph, type TensorData } from '@convlens/onnx';

const FOLDER = '/usr/share/libonnx-testdata/data/node';

/** Whether the suite is on this machine. */
export const installed = existsSync(FOLDER);

/** Names of its cases. */
export function suiteCases(): string[] {
  return installed ? readdirSync(FOLDER) : [];
}

function field(number: number, bytes: Uint8Array): Uint8Array {
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest > 127; rest >>= 7) length.push((rest & 127) | 128);
  return Uint8Array.from([(number << 3) | 2, ...length, rest, ...bytes]);
}

/** A tensor's file, read as the only weight of a model. */
function tensorOf(bytes: Uint8Array): TensorData {
  const opset = field(8, Uint8Array.of(0x10, 17));
  const node = field(1, field(4, new TextEncoder().encode('None')));
  const graph = field(7, Uint8Array.from([...node, ...field(5, bytes)]));
  const { initializers } = read(Uint8Array.from([0x08, 8, ...opset, ...graph]));
  return [...initializers.values()][0]!;
}

/** A case of the suite, with what it is fed and what it must give. */
export function load(name: string): { graph: Graph; inputs: TensorData[]; outputs: TensorData[] } {
  const files = readdirSync(`${FOLDER}/${name}/test_data_set_0`);
  const all = (kind: string): TensorData[] =>
    files
      .filter((file) => file.startsWith(kind))
      .sort((a, b) => parseInt(a.slice(kind.length)) - parseInt(b.slice(kind.length)))
      .map((file) => tensorOf(readFileSync(`${FOLDER}/${name}/test_data_set_0/${file}`)));
  const graph = read(readFileSync(`${FOLDER}/${name}/model.onnx`));
  return { graph, inputs: all('input_'), outputs: all('output_') };
}

/** The graph of a case, with the numbers that it is fed as constants where they are no floats: axes, pads, indices. */
export function withConstants(name: string): Graph {
  const { graph, inputs } = load(name);
  const given = graph.inputs.flatMap(({ name, dtype }, i) =>
    dtype.startsWith('float') || !inputs[i] ? [] : [[name, inputs[i]] as const],
  );
  const constant = new Map(given);
  return {
    ...graph,
    inputs: graph.inputs.filter((info) => !constant.has(info.name)),
    initializers: new Map([...graph.initializers, ...constant]),
  };
}
