import { BinaryWriter, WireType, getTextEncoding } from '@bufbuild/protobuf/wire';
import { toInt64 } from './constant.js';
import { dtypeCode } from './dtypes.js';
import type { Attribute, Graph, Node, ValueInfo } from './graph.js';
import { join, lengthOf, sizeOf } from './pieces.js';
import type { TensorData } from './tensor.js';

/** TensorProto.DataLocation.EXTERNAL */
const EXTERNAL = 1;

/** ONNX's number of each kind of attribute (AttributeProto.AttributeType), and the field that holds its value. */
const attributeKinds = {
  float: [1, 2],
  int: [2, 3],
  string: [3, 4],
  tensor: [4, 5],
  floats: [6, 7],
  ints: [7, 8],
  strings: [8, 9],
} as const;

/**
 * Writes a graph as an ONNX model. Weights are copied once, into the result. The types of inputs and outputs are
 * declared; those of the values between are left to the runtime.
 *
 * @param graph a graph whose nodes are in order
 * @returns the file
 * @throws LensError `E_ARGUMENT` when it would be larger than the 2 GB of the format
 */
export function write(graph: Graph): Uint8Array<ArrayBuffer> {
  return assemble(graph, () => undefined);
}

/** A model in parts: the file, and the weights that it only names. */
export interface Parts {
  readonly model: Uint8Array<ArrayBuffer>;
  /** Raw elements by the location that stands in the model. They are the graph's own arrays, not copies. */
  readonly weights: ReadonlyMap<string, Uint8Array>;
}

/** Smaller tensors stay in the model: shapes and axes must be known when it is loaded. */
const SMALLEST_PART = 16_384;

/**
 * Writes a graph as an ONNX model whose larger weights are external data, so that nothing copies them before the
 * runtime does.
 *
 * @param graph a graph whose nodes are in order
 * @returns the model and its weights, each tensor a file of its own
 * @throws LensError `E_ARGUMENT` as `write`
 */
export function writeParts(graph: Graph): Parts {
  const weights = new Map<string, Uint8Array>();
  const model = assemble(graph, ({ data }) => {
    if (!ArrayBuffer.isView(data) || data.byteLength < SMALLEST_PART) return undefined;
    const location = `weights/${weights.size}`;
    weights.set(location, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return location;
  });
  return { model, weights };
}

/** A model; weights that `place` gives a location for are left out of it. */
function assemble(
  graph: Graph,
  place: (tensor: TensorData) => string | undefined,
): Uint8Array<ArrayBuffer> {
  const body = new BinaryWriter();
  for (const node of graph.nodes) message(body, 1, () => writeNode(body, node));
  body.tag(2, WireType.LengthDelimited).string(graph.name || 'graph');
  for (const info of graph.inputs) message(body, 11, () => writeInfo(body, info));
  for (const info of graph.outputs) message(body, 12, () => writeInfo(body, info));

  // Nested messages carry their length in front, so a writer that nests copies the weights at every level. Only the
  // small parts go through it; the pieces are put together at the end.
  const pieces: Uint8Array[] = [body.finish()];
  for (const [name, tensor] of graph.initializers) {
    const header = new BinaryWriter();
    const location = place(tensor);
    const raw = writeTensor(header, tensor, name, location);
    const fields = header.finish();
    const rawLength = raw ? lengthOf(9, raw.length).length : 0;
    const outer = lengthOf(5, fields.length + rawLength + (raw?.length ?? 0));
    pieces.push(outer, fields);
    if (raw) pieces.push(lengthOf(9, raw.length), raw);
  }
  const size = sizeOf(pieces);
  const model = new BinaryWriter();
  model.tag(1, WireType.Varint).int64(irVersion(graph.opset));
  model.tag(2, WireType.LengthDelimited).string(graph.producer || 'convlens');
  for (const [domain, version] of [['', graph.opset], ...Object.entries(graph.otherOpsets)]) {
    message(model, 8, () => {
      model.tag(1, WireType.LengthDelimited).string(domain as string);
      model.tag(2, WireType.Varint).int64(version as number);
    });
  }
  for (const [key, value] of graph.metadata) {
    message(model, 14, () => {
      model.tag(1, WireType.LengthDelimited).string(key);
      model.tag(2, WireType.LengthDelimited).string(value);
    });
  }
  pieces.unshift(model.finish(), lengthOf(7, size));
  return join(pieces);
}

/** The version of the file format that goes with an operator set; the oldest one written is 8. */
function irVersion(opset: number): number {
  return opset < 19 ? 8 : opset < 21 ? 9 : opset < 23 ? 10 : opset < 24 ? 11 : 12;
}

function message(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

/** Writes a TensorProto but for its raw data, whose bytes are returned unless they lie elsewhere. */
function writeTensor(
  writer: BinaryWriter,
  { dtype, shape, data }: TensorData,
  name: string,
  location?: string,
): Uint8Array | undefined {
  for (const extent of shape) writer.tag(1, WireType.Varint).int64(extent);
  writer.tag(2, WireType.Varint).int32(dtypeCode(dtype));
  if (name) writer.tag(8, WireType.LengthDelimited).string(name);
  if (location !== undefined) {
    message(writer, 13, () => {
      writer.tag(1, WireType.LengthDelimited).string('location');
      writer.tag(2, WireType.LengthDelimited).string(location);
    });
    writer.tag(14, WireType.Varint).int32(EXTERNAL);
    return undefined;
  }
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  for (const text of data) {
    writer.tag(6, WireType.LengthDelimited).string(text);
  }
  return undefined;
}

function writeNode(writer: BinaryWriter, node: Node): void {
  for (const name of node.inputs) writer.tag(1, WireType.LengthDelimited).string(name);
  for (const name of node.outputs) writer.tag(2, WireType.LengthDelimited).string(name);
  writer.tag(3, WireType.LengthDelimited).string(node.name);
  writer.tag(4, WireType.LengthDelimited).string(node.op);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    message(writer, 5, () => writeAttribute(writer, name, attribute));
  }
  if (node.domain) writer.tag(7, WireType.LengthDelimited).string(node.domain);
}

function writeAttribute(writer: BinaryWriter, name: string, attribute: Attribute): void {
  const [kind, field] = attributeKinds[attribute.type];
  writer.tag(1, WireType.LengthDelimited).string(name);
  switch (attribute.type) {
    case 'float':
    case 'floats':
      for (const value of [attribute.value].flat()) {
        writer.tag(field, WireType.Bit32).float(Math.fround(value));
      }
      break;
    case 'int':
    case 'ints':
      for (const value of [attribute.value].flat()) {
        writer.tag(field, WireType.Varint).int64(toInt64(value));
      }
      break;
    case 'string':
    case 'strings':
      for (const value of [attribute.value].flat()) {
        const bytes = getTextEncoding().encodeUtf8(value);
        writer.tag(field, WireType.LengthDelimited).bytes(bytes);
      }
      break;
    case 'tensor':
      message(writer, field, () => {
        const raw = writeTensor(writer, attribute.value, '');
        if (raw) writer.tag(9, WireType.LengthDelimited).bytes(raw);
      });
      break;
  }
  writer.tag(20, WireType.Varint).int32(kind);
}

function writeInfo(writer: BinaryWriter, { name, dtype, shape }: ValueInfo): void {
  writer.tag(1, WireType.LengthDelimited).string(name);
  message(writer, 2, () => {
    message(writer, 1, () => {
      writer.tag(1, WireType.Varint).int32(dtypeCode(dtype));
      if (!shape) return;
      message(writer, 2, () => {
        for (const extent of shape) {
          message(writer, 1, () => {
            if (typeof extent === 'number') writer.tag(1, WireType.Varint).int64(extent);
            else writer.tag(2, WireType.LengthDelimited).string(extent);
          });
        }
      });
    });
  });
}
