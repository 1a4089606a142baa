import { BinaryReader } from '@bufbuild/protobuf/wire';
import type * as Onnx from 'onnx-buf';
import {
  blobs,
  bytes,
  doubles,
  float,
  floats,
  inside,
  int32,
  int32s,
  int64,
  int64s,
  message,
  messages,
  oneOf,
  optional,
  text,
  texts,
  uint64s,
  type List,
  type OneOf,
} from './wire.js';

// The messages of onnx.proto with the fields that are read, under the names and numbers they have there; those of the
// generated types are taken over. Nothing here contains itself, so no file can nest deeper than the types do.

/** A message of which only matters that it is there. */
const any = message<object>({});

type StringStringEntryProto = Pick<Onnx.StringStringEntryProto, 'key' | 'value'>;

const stringStringEntryProto = message<StringStringEntryProto>({ key: text(1), value: text(2) });

/** A tensor: its elements are in one of the fields that end in `Data`, or in another file. */
export interface TensorProto extends Pick<Onnx.TensorProto, 'dataType' | 'name'> {
  readonly dims: List<BigInt64Array>;
  readonly floatData: List<Float32Array>;
  readonly int32Data: List<Int32Array>;
  readonly stringData: Uint8Array[];
  readonly int64Data: List<BigInt64Array>;
  readonly rawData: Uint8Array;
  readonly doubleData: List<Float64Array>;
  readonly uint64Data: List<BigUint64Array>;
  readonly externalData: StringStringEntryProto[];
  readonly dataLocation: number;
}

const tensorProto = message<TensorProto>({
  dims: int64s(1),
  dataType: int32(2),
  floatData: floats(4),
  int32Data: int32s(5),
  stringData: blobs(6),
  int64Data: int64s(7),
  name: text(8),
  rawData: bytes(9),
  doubleData: doubles(10),
  uint64Data: uint64s(11),
  externalData: messages(13, stringStringEntryProto),
  dataLocation: int32(14),
});

/** An attribute of a node: its type says which field holds its value. */
export interface AttributeProto extends Pick<Onnx.AttributeProto, 'name' | 'f' | 'i'> {
  readonly s: Uint8Array;
  readonly t: TensorProto | undefined;
  readonly g: object | undefined;
  readonly floats: List<Float32Array>;
  readonly ints: List<BigInt64Array>;
  readonly strings: Uint8Array[];
  readonly type: number;
}

const attributeProto = message<AttributeProto>({
  name: text(1),
  f: float(2),
  i: int64(3),
  s: bytes(4),
  t: optional(5, tensorProto),
  g: optional(6, any),
  floats: floats(7),
  ints: int64s(8),
  strings: blobs(9),
  type: int32(20),
});

/** An operator that is applied. */
export interface NodeProto extends Pick<
  Onnx.NodeProto,
  'input' | 'output' | 'name' | 'opType' | 'domain'
> {
  readonly attribute: AttributeProto[];
}

const nodeProto = message<NodeProto>({
  input: texts(1),
  output: texts(2),
  name: text(3),
  opType: text(4),
  attribute: messages(5, attributeProto),
  domain: text(7),
});

interface TensorShapeProto {
  readonly dim: { readonly value: OneOf<{ dimValue: bigint; dimParam: string }> }[];
}

interface TypeProtoTensor extends Pick<Onnx.TypeProto_Tensor, 'elemType'> {
  readonly shape: TensorShapeProto | undefined;
}

interface TypeProto {
  readonly value: OneOf<
    { tensorType: TypeProtoTensor } & Record<
      'sequenceType' | 'mapType' | 'sparseTensorType' | 'optionalType',
      object
    >
  >;
}

const tensorShapeProto = message<TensorShapeProto>({
  dim: messages(1, message({ value: oneOf({ dimValue: int64(1), dimParam: text(2) }) })),
});

const typeProto = message<TypeProto>({
  value: oneOf({
    tensorType: inside(
      1,
      message<TypeProtoTensor>({ elemType: int32(1), shape: optional(2, tensorShapeProto) }),
    ),
    sequenceType: inside(4, any),
    mapType: inside(5, any),
    sparseTensorType: inside(8, any),
    optionalType: inside(9, any),
  }),
});

/** Name and type of a value. */
export interface ValueInfoProto extends Pick<Onnx.ValueInfoProto, 'name'> {
  readonly type: TypeProto;
}

const valueInfoProto = message<ValueInfoProto>({ name: text(1), type: inside(2, typeProto) });

/** Nodes, weights, inputs and outputs. */
export interface GraphProto extends Pick<Onnx.GraphProto, 'name'> {
  readonly node: NodeProto[];
  readonly initializer: TensorProto[];
  readonly input: ValueInfoProto[];
  readonly output: ValueInfoProto[];
  readonly valueInfo: ValueInfoProto[];
  readonly sparseInitializer: { readonly values: TensorProto }[];
}

const graphProto = message<GraphProto>({
  node: messages(1, nodeProto),
  name: text(2),
  initializer: messages(5, tensorProto),
  input: messages(11, valueInfoProto),
  output: messages(12, valueInfoProto),
  valueInfo: messages(13, valueInfoProto),
  sparseInitializer: messages(15, message({ values: inside(1, tensorProto) })),
});

/** What an ONNX file is. */
export interface ModelProto extends Pick<
  Onnx.ModelProto,
  'irVersion' | 'producerName' | 'producerVersion'
> {
  readonly graph: GraphProto | undefined;
  readonly opsetImport: Pick<Onnx.OperatorSetIdProto, 'domain' | 'version'>[];
  readonly metadataProps: StringStringEntryProto[];
  readonly functions: Pick<Onnx.FunctionProto, 'name' | 'domain'>[];
}

const modelProto = message<ModelProto>({
  irVersion: int64(1),
  producerName: text(2),
  producerVersion: text(3),
  graph: optional(7, graphProto),
  opsetImport: messages(8, message({ domain: text(1), version: int64(2) })),
  metadataProps: messages(14, stringStringEntryProto),
  functions: messages(25, message({ name: text(1), domain: text(10) })),
});

/**
 * Parses a file. Bytes and packed floats are views of it wherever they lie aligned.
 *
 * @param file a ModelProto
 * @throws any error when it is none
 */
export function parseModel(file: Uint8Array): ModelProto {
  return modelProto(new BinaryReader(file), file.length);
}
