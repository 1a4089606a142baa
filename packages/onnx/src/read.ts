import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { decodeNodes } from './decode-nodes.js';
import { decodeTensor } from './decode-tensor.js';
import { dtypeName, dtypeOf } from './dtypes.js';
import { LensError } from './errors.js';
import type { Dim, Graph, ValueInfo } from './graph.js';
import { checkGraph } from './check.js';
import { topologicalSort } from './order.js';
import { parseModel, type GraphProto, type ModelProto, type ValueInfoProto } from './proto.js';
import { sniff } from './sniff.js';
import type { TensorData } from './tensor.js';

/** ONNX Runtime Web has no kernels for older operator sets. */
const oldestOpset = 7;

/** What `read` may need besides the file. */
export interface ReadOptions {
  /** Contents of the files with external data, by the location the model gives (a path relative to the model). */
  readonly externalData?: ReadonlyMap<string, Uint8Array>;
}

/** The domain of ONNX's optimisers, and the operator set that models of nothing else are read with. */
const TRAINING = 'ai.onnx.preview.training';
const OPTIMISERS_OPSET = 17;

/**
 * Reads an ONNX model. Weights are views of `bytes` wherever they lie aligned in it, so `bytes` must not change
 * afterwards. `Constant` nodes become initialisers; bfloat16 becomes float32; initialisers that old files list as
 * inputs too are not inputs; nodes are put in topological order and get names where they have none.
 *
 * @param bytes the file
 * @param options files with external data
 * @throws LensError `E_ONNX_NOT_ONNX`, `E_ONNX_TRUNCATED`, `E_ONNX_INVALID`, `E_ONNX_VERSION` (operator set older than
 * 7), `E_ONNX_EXTERNAL_DATA` or `E_OP_UNSUPPORTED` (control flow, functions, element types that are not handled)
 */
export function read(bytes: Uint8Array, options: ReadOptions = {}): Graph {
  // A Node.js Buffer would make Buffers of uint8 weights.
  const model = parse(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const proto = model.graph!;
  const opsets: Record<string, number> = {};
  for (const { domain, version } of model.opsetImport) {
    opsets[domain === 'ai.onnx' ? '' : domain] = Number(version);
  }
  // A model of nothing but optimisers has no standard operators: it may be given any.
  if (Object.keys(opsets).join() === TRAINING) opsets[''] = OPTIMISERS_OPSET;
  const { '': opset, ...otherOpsets } = opsets;
  checkSupport(model, proto, opset);

  const initializers = new Map<string, TensorData>();
  for (const tensor of proto.initializer) {
    if (initializers.has(tensor.name)) {
      throw new LensError('E_ONNX_INVALID', `Two initialisers are named "${tensor.name}".`);
    }
    initializers.set(
      tensor.name,
      decodeTensor(tensor, `initialiser "${tensor.name}"`, options.externalData),
    );
  }
  const inputs = proto.input
    .filter(({ name }) => !initializers.has(name))
    .map((info) => border(info, 'input'));
  const outputs = proto.output.map((info) => border(info, 'output'));
  const values = new Map<string, ValueInfo>();
  for (const info of proto.valueInfo) {
    const known = valueInfo(info);
    if (known) values.set(info.name, known);
  }
  for (const info of [...inputs, ...outputs]) values.set(info.name, info);

  const nodes = decodeNodes(proto.node, initializers, options.externalData);
  const graph: Graph = {
    name: proto.name,
    opset: opset!,
    otherOpsets,
    inputs,
    outputs,
    nodes,
    initializers,
    values,
    metadata: new Map(model.metadataProps.map(({ key, value }) => [key, value])),
    producer: `${model.producerName} ${model.producerVersion}`.trim(),
  };
  checkGraph(graph);
  return { ...graph, nodes: topologicalSort(nodes) };
}

/** The message, or the reason why the bytes are none. */
function parse(bytes: Uint8Array): ModelProto {
  const kind = sniff(bytes);
  if (kind) {
    const instead = kind === 'something else' ? 'It does not begin as one.' : `Got ${kind}.`;
    throw new LensError(
      'E_ONNX_NOT_ONNX',
      `This is not an ONNX model. ${instead} Choose a file that an exporter wrote as .onnx.`,
    );
  }
  let model: ModelProto | undefined;
  let cause: unknown;
  try {
    model = parseModel(bytes);
  } catch (error) {
    cause = error;
  }
  const graph = model?.graph;
  const filled = graph !== undefined && graph.node.length + graph.output.length > 0;
  if (model && filled && model.opsetImport.length > 0) return model;
  // A file that was cut between two fields is a readable message whose graph or operator set is missing.
  const begun = model && !graph ? model.irVersion > 0n && model.irVersion < 99n : filled;
  const ending = cause === undefined ? 'whole' : endOf(bytes);
  if (ending === 'cut' || (cause === undefined && begun)) {
    throw new LensError(
      'E_ONNX_TRUNCATED',
      `The ONNX file is cut off: it ends after ${bytes.length} bytes, in the middle of the model. Download or export it again.`,
      { cause },
    );
  }
  if (ending === 'whole' && cause !== undefined) {
    throw new LensError(
      'E_ONNX_INVALID',
      `The ONNX file is damaged: its ${bytes.length} bytes do not hold a readable model. Download or export it again.`,
      { cause },
    );
  }
  throw new LensError(
    'E_ONNX_NOT_ONNX',
    'This is not an ONNX model: it holds no graph of operators. Choose a file that an exporter wrote as .onnx.',
    { cause },
  );
}

/** Whether the outermost fields fit the file: a file that was cut off has one that reaches beyond its end. */
function endOf(bytes: Uint8Array): 'whole' | 'cut' | 'foreign' {
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const [field, wire] = reader.tag();
      const isGroup = wire === WireType.StartGroup || wire === WireType.EndGroup;
      if (field > 30 || isGroup) return 'foreign';
      reader.skip(wire, field);
    }
    return 'whole';
  } catch (error) {
    return error instanceof RangeError ? 'cut' : 'foreign';
  }
}

function checkSupport(model: ModelProto, proto: GraphProto, opset: number | undefined): void {
  if (opset === undefined) {
    const domains = model.opsetImport.map(({ domain }) => domain).join(', ');
    throw new LensError(
      'E_OP_UNSUPPORTED',
      `The model uses no standard ONNX operators, only those of ${domains}. Convlens reads convolutional networks.`,
    );
  }
  if (opset < oldestOpset) {
    throw new LensError(
      'E_ONNX_VERSION',
      `The model uses version ${opset} of the ONNX operators; ONNX Runtime Web starts at version ${oldestOpset}. Export it again with opset 13 or later.`,
    );
  }
  const called = new Set(model.functions.map(({ domain, name }) => `${domain}:${name}`));
  const caller = proto.node.find(({ domain, opType }) => called.has(`${domain}:${opType}`));
  if (caller) {
    throw new LensError(
      'E_OP_UNSUPPORTED',
      `The node "${caller.name}" calls ${caller.opType}, a function defined in the model, which Convlens does not expand. Inline the model's functions (onnx.inliner) and try again.`,
    );
  }
  const sparse = proto.sparseInitializer[0];
  if (sparse) {
    throw new LensError(
      'E_OP_UNSUPPORTED',
      `The initialiser "${sparse.values.name}" is stored sparse, which Convlens does not read. Export the model with dense weights.`,
    );
  }
}

/** What the file says of an input or output of the model, which must be a tensor. */
function border(info: ValueInfoProto, what: string): ValueInfo {
  const known = valueInfo(info);
  if (known) return known;
  const type = info.type.value;
  const kind =
    type.case === 'tensorType' ? dtypeName(type.value.elemType) : type.case?.replace('Type', '');
  // A file may leave the type of an output to inference.
  if (!kind || kind === 'undefined') return { name: info.name, dtype: 'float32', shape: undefined };
  throw new LensError(
    'E_OP_UNSUPPORTED',
    `The ${what} "${info.name}" of the model is of type ${kind}; Convlens handles tensors of plain numbers.`,
  );
}

function valueInfo({ name, type }: ValueInfoProto): ValueInfo | undefined {
  if (type.value.case !== 'tensorType') return undefined;
  const { elemType, shape } = type.value.value;
  const dtype = dtypeOf(elemType);
  if (!dtype) return undefined;
  const dims = shape?.dim.map(({ value }, axis): Dim => {
    if (value.case === 'dimParam' && value.value) return value.value;
    // Some exporters write -1 for an extent that is not known.
    return value.case === 'dimValue' && value.value >= 0n ? Number(value.value) : `${name}.${axis}`;
  });
  return { name, dtype, shape: dims };
}
