import { getTextEncoding } from '@bufbuild/protobuf/wire';
import { constantOf } from './constant.js';
import { decodeTensor } from './decode-tensor.js';
import { LensError } from './errors.js';
import type { Attribute, Node } from './graph.js';
import type { AttributeProto, NodeProto } from './proto.js';
import type { TensorData } from './tensor.js';

const controlFlow = new Set(['If', 'Loop', 'Scan', 'SequenceMap']);

/**
 * The nodes of a parsed graph. `Constant` nodes are added to `initializers` instead.
 *
 * @param protos as parsed
 * @param initializers constants so far; added to
 * @param files external data by location
 * @throws LensError `E_OP_UNSUPPORTED` for control flow and other graphs in attributes, `E_ONNX_INVALID`
 */
export function decodeNodes(
  protos: readonly NodeProto[],
  initializers: Map<string, TensorData>,
  files?: ReadonlyMap<string, Uint8Array>,
): Node[] {
  const taken = new Set(protos.map(({ name }) => name));
  const used = new Set<string>();
  const nodes: Node[] = [];
  protos.forEach((proto, position) => {
    const { opType: op, input, output } = proto;
    let name = proto.name;
    if (!name || used.has(name)) {
      const stem = name || op;
      name = `${stem}_${position}`;
      while (taken.has(name)) name += '_';
      taken.add(name);
    }
    used.add(name);
    const domain = proto.domain === 'ai.onnx' ? '' : proto.domain;
    if (!op) throw new LensError('E_ONNX_INVALID', `The node "${name}" names no operator.`);
    if (domain === '' && controlFlow.has(op)) {
      throw new LensError(
        'E_OP_UNSUPPORTED',
        `The node "${name}" is control flow (${op}), which Convlens does not handle. Export the model with a fixed input shape, so that the exporter can resolve it.`,
      );
    }
    const attributes: Record<string, Attribute> = {};
    for (const attribute of proto.attribute) {
      attributes[attribute.name] = decodeAttribute(attribute, name, op, files);
    }
    const node: Node = { name, op, domain, inputs: input, outputs: output, attributes };
    const constant = output[0];
    if (domain === '' && op === 'Constant' && constant && !initializers.has(constant)) {
      initializers.set(constant, constantOf(node));
    } else {
      nodes.push(node);
    }
  });
  return nodes;
}

function decodeAttribute(
  proto: AttributeProto,
  node: string,
  op: string,
  files?: ReadonlyMap<string, Uint8Array>,
): Attribute {
  const { decodeUtf8 } = getTextEncoding();
  switch (proto.type || guess(proto)) {
    case 1:
      return { type: 'float', value: proto.f };
    case 2: {
      // bfloat16 is read as float32, so a cast to it must become one to float32 too.
      const isType = proto.name === 'to' || proto.name === 'dtype';
      return { type: 'int', value: isType && proto.i === 16n ? 1 : Number(proto.i) };
    }
    case 3:
      return { type: 'string', value: decodeUtf8(proto.s) };
    case 4:
      if (!proto.t) break;
      return {
        type: 'tensor',
        value: decodeTensor(proto.t, `attribute ${proto.name} of the node "${node}"`, files),
      };
    case 6:
      return { type: 'floats', value: Array.from(proto.floats) };
    case 7:
      return { type: 'ints', value: Array.from(proto.ints, Number) };
    case 8:
      return { type: 'strings', value: proto.strings.map((bytes) => decodeUtf8(bytes)) };
    default:
  }
  throw new LensError(
    'E_OP_UNSUPPORTED',
    `The attribute ${proto.name} of the node "${node}" (${op}) is a graph, a type or a sparse tensor, which Convlens does not handle.`,
  );
}

/** The type of an attribute in files from before attributes said it (IR version 1). */
function guess(proto: AttributeProto): number {
  if (proto.t) return 4;
  if (proto.g) return 5;
  if (proto.floats.length > 0) return 6;
  if (proto.ints.length > 0) return 7;
  if (proto.strings.length > 0) return 8;
  if (proto.s.length > 0) return 3;
  return proto.f === 0 ? 2 : 1;
}
