import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { readNpy } from '@convlens/data';
import { readPng } from '@convlens/data/png';
import { createNodeEngine, type NetworkSource } from '../src/node/index.js';

const shared = fileURLToPath(new URL('../../../../shared/', import.meta.url));
const models = fileURLToPath(new URL('../../../models/', import.meta.url));
const oracles = existsSync(`${shared}oracles`)
  ? readdirSync(`${shared}oracles`).filter((name) =>
      existsSync(`${shared}oracles/${name}/manifest.json`),
    )
  : [];

interface Manifest {
  readonly model: string;
  readonly input: {
    readonly cropFile: string;
    readonly preprocessing: { channelOrder: string; range: number; mean: number[]; std: number[] };
  };
  readonly tensors: Readonly<Record<string, { readonly onnx: string }>>;
}

function relativeL2(mine: ArrayLike<number>, theirs: ArrayLike<number>): number {
  let difference = 0;
  let total = 0;
  for (let i = 0; i < theirs.length; i++) {
    difference += (mine[i]! - theirs[i]!) ** 2;
    total += theirs[i]! ** 2;
  }
  return mine.length === theirs.length ? Math.sqrt(difference / total) : Infinity;
}

describe.runIf(oracles.length > 0)("onnxruntime-node: activations equal PyTorch's", () => {
  for (const name of oracles) {
    it(name, async () => {
      const folder = `${shared}oracles/${name}/`;
      const manifest = JSON.parse(readFileSync(`${folder}manifest.json`, 'utf8')) as Manifest;
      const readme = readFileSync(`${folder}README.md`, 'utf8').split('\n');
      const { cropFile, preprocessing } = manifest.input;
      const { channelOrder } = preprocessing;
      const engine = createNodeEngine();
      const source: NetworkSource = {
        id: name,
        url: folder + manifest.model,
        knowledge: {
          preprocessing: {
            ...preprocessing,
            channelOrder: channelOrder === 'RGB' || channelOrder === 'BGR' ? channelOrder : 'GRAY',
          },
        },
      };
      const { id, summary: network } = await engine.openNetwork(source);
      const pixels = readPng(readFileSync(folder + cropFile));
      const image = await engine.openImage({ pixels });
      const wanted = Object.entries(manifest.tensors).map(([array, { onnx }]) => {
        const layer = network.layers.find(({ value }) => value === onnx);
        return { array, onnx, layer: layer?.id };
      });
      const layers = wanted.flatMap(({ layer }) => layer ?? []);
      const request = { network: id, image: image.id, layers, scores: true };
      const answer = await engine.run('activations', request);
      for (const { array, onnx, layer } of wanted) {
        const file = array === 'logits' ? 'logits' : `act_${array}`;
        const row = readme.find((line) => line.startsWith(`| ${file} |`));
        const tolerance = Number(row?.split('|').at(-2));
        expect(tolerance).toBeGreaterThan(0);
        const mine =
          onnx === network.logits?.value
            ? answer.logits!
            : answer.layers.find((one) => one.layer === layer)!.activation.data;
        const theirs = readNpy(readFileSync(`${folder}${file}.npy`)).data as Float32Array;
        expect(relativeL2(mine, theirs), array).toBeLessThan(tolerance);
      }
    });
  }
});
describe.runIf(oracles.length === 0)('reference results', () => {
  it.skip('are missing: no ../shared/oracles beside the project', () => undefined);
});

describe('the engine on an embedded network', () => {
  const grey = { width: 8, height: 8, data: new Uint8Array(256).fill(128) };

  it('gives maps with statistics, class scores, and the strength of every layer', async () => {
    const engine = createNodeEngine();
    const network = await engine.openNetwork({ id: 'a', url: `${models}alexnet.onnx` });
    const image = await engine.openImage({ pixels: grey });
    const answer = await engine.run('activations', {
      network: network.id,
      image: image.id,
      layers: ['relu3'],
      scores: true,
      strengths: true,
    });
    const [maps] = answer.layers;
    expect(maps!.activation.shape).toEqual([144, 7, 7]);
    expect(maps!.statistics.low).toBeGreaterThanOrEqual(0);
    expect(answer.logits!.length).toBe(100);
    expect(Object.keys(answer.strengths!)).toEqual(network.summary.layers.map(({ id }) => id));
    expect([answer.crop.width, answer.crop.height]).toEqual([64, 64]);
    expect(await engine.memory()).toMatchObject({ sessions: 1, networks: 1, images: 1 });
    network[Symbol.dispose]();
    image[Symbol.dispose]();
    await vi.waitFor(async () => {
      const nothing = { sessions: 0, networks: 0, images: 0, weights: 0 };
      expect(await engine.memory()).toMatchObject(nothing);
    });
  });

  it('says which layer, network or file it does not have', async () => {
    const engine = createNodeEngine();
    await expect(engine.openNetwork({ id: 'x', url: 'nowhere.onnx' })).rejects.toThrow(
      /nowhere\.onnx/,
    );
    const network = await engine.openNetwork({ id: 'v', url: `${models}vgg11.onnx` });
    const image = await engine.openImage({ pixels: grey });
    const ask = (layer: string): Promise<unknown> =>
      engine.run('activations', { network: network.id, image: image.id, layers: [layer] });
    await expect(ask('conv9_9')).rejects.toThrow(/VGG.*no layer "conv9_9"/);
    network[Symbol.dispose]();
    await expect(ask('conv1_1')).rejects.toThrow(/No network .* its handle was given back/);
  });
});

it('says where each pooled value came from, of what was pooled, when asked', async () => {
  const engine = createNodeEngine();
  const network = await engine.openNetwork({ id: 'net', url: `${models}alexnet.onnx` });
  const data = Uint8Array.from({ length: 64 * 64 * 4 }, (_, i) =>
    i % 4 === 3 ? 255 : (i * 37) % 251,
  );
  const image = await engine.openImage({ pixels: { width: 64, height: 64, data } });
  const { layers } = await engine.run('activations', {
    network: network.id,
    image: image.id,
    layers: ['relu1', 'pool1'],
    switches: true,
  });
  const [relu, pool] = layers;
  expect(relu!.pooling).toBeUndefined();
  const { activation, statistics, switches, geometry } = pool!.pooling!;
  expect(activation.data).toEqual(relu!.activation.data);
  expect(statistics).toEqual(relu!.statistics);
  expect([geometry.from, geometry.to]).toEqual([
    [32, 32],
    [15, 15],
  ]);
  const taken = switches.map((at, i) => Math.floor(i / 225) * 1024 + at);
  expect(Float32Array.from(taken, (at) => activation.data[at]!)).toEqual(pool!.activation.data);
});
