import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { GraphProtoSchema, ModelProtoSchema } from 'onnx-buf';

/** Fields of a graph. */
export type Parts = MessageInitShape<typeof GraphProtoSchema>;

/** The bytes of a model whose graph is given field by field, as other people's exporters write them. */
export function model(parts: Parts, opset = 17, irVersion = 8): Uint8Array {
  const graph = create(GraphProtoSchema, { name: 'g', ...parts });
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: BigInt(irVersion),
      opsetImport: [{ domain: '', version: BigInt(opset) }],
      producerName: 'exporter',
      producerVersion: '1.2',
      metadataProps: [{ key: 'licence', value: 'MIT' }],
      graph,
    }),
  );
}

/** An input or output: element type by its number, extents. */
export function typed(name: string, elemType = 1, dims: readonly (number | string)[] = [2]) {
  return {
    name,
    type: {
      value: {
        case: 'tensorType' as const,
        value: {
          elemType,
          shape: {
            dim: dims.map((d) => ({
              value:
                typeof d === 'number'
                  ? { case: 'dimValue' as const, value: BigInt(d) }
                  : { case: 'dimParam' as const, value: d },
            })),
          },
        },
      },
    },
  };
}

/** One node, and a model around it. */
export const identity = { opType: 'Identity', input: ['x'], output: ['y'] };
export const around = { node: [identity], input: [typed('x')], output: [typed('y')] };
