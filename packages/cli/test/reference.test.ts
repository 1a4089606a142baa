import { describe, expect, it } from 'vitest';
import {
  FeatureMaps,
  gradCam,
  gradient,
  Gradients,
  integratedGradients,
  occlusion,
  project,
  saliency,
  smoothGrad,
  type Target,
} from '@convlens/core';
import { float32, type TensorData } from '@convlens/onnx';
import { LATER } from '@convlens/tooling/tier.mjs';
import { distanceUpToKinks } from './support/kinks.js';
import { isCompared, open, oracles, relativeL2 } from './support/oracle.js';
import { poolOn, RUNTIME_NAMES, RUNTIMES } from './support/runtimes.js';

type Tensor = TensorData<'float32'>;

describe.runIf(oracles.length > 0).each(RUNTIME_NAMES)(
  "%s: projections and attributions equal PyTorch's",
  (runtime) => {
    it.for(oracles)('%s', { timeout: 600_000 }, async (name, { skip }) => {
      skip(!isCompared(runtime, name), LATER);
      const { network, manifest, array, tolerance } = open(name);
      const executor = await RUNTIMES[runtime]();
      const gradients = new Gradients(network, executor, poolOn(runtime));
      const maps = new FeatureMaps(network, executor);
      const input = array('x');
      const target: Target = { kind: 'class', index: manifest.choices.class };
      const errors: Record<string, number> = {};
      const compare = (file: string, mine: ArrayLike<number>): void => {
        errors[file] = relativeL2(mine, array(file).data) / tolerance(file)!;
      };

      // A mean over many points, some of which may stand on a kink; the references of one point have none near.
      const compareMean = async (
        file: string,
        mine: ArrayLike<number>,
        points: readonly Tensor[],
        weight: (element: number) => number,
      ): Promise<void> => {
        compare(file, mine);
        if (errors[file]! < 1) return;
        const { distance, turned } = await distanceUpToKinks(
          mine,
          points,
          async (point) => (await gradient(network, gradients, point, target)).gradient.data,
          weight,
          array(file).data,
        );
        console.log(
          `${name} ${file}: ${errors[file]!.toFixed(2)} tolerances off as computed, ` +
            `${(distance / tolerance(file)!).toFixed(4)} with the kink at ${turned} of ${points.length} points turned`,
        );
        errors[file] = distance / tolerance(file)!;
      };

      const { gradient: slope } = await gradient(network, gradients, input, target);
      compare('grad_score', slope.data);
      compare('saliency', saliency(slope).data);

      const layerOf = (value: string): string =>
        network.layers.find((layer) => layer.value === value)!.id;
      const [channel, row, column] = manifest.choices.projection;
      const layer = layerOf(manifest.middle);
      const activation = (await maps.read(input, [manifest.middle])).get(manifest.middle)!;
      const unit = { kind: 'channel', layer, channel } as const;
      for (const [rule, file] of [
        ['deconvnet', 'proj_deconv'],
        ['guided', 'proj_guided'],
      ] as const) {
        const map = float32(activation.data, activation.shape.slice(1));
        const found = await project(network, gradients, input, map, unit, rule);
        // The strongest place is found, not given.
        expect([found.row, found.column]).toEqual([row, column]);
        expect(found.value).toBeCloseTo(manifest.scalars.projectionSeed, 2);
        compare(file, found.projection.data);
      }

      const cam = await gradCam(network, gradients, input, target, layerOf(manifest.cam));
      compare('gradcam_weights', cam.weights);
      compare('gradcam', cam.map.data);

      const { igSteps, occlusionPatch, occlusionStride } = manifest.parameters;
      const large = network.macs > 5e8;
      if (runtime === 'ort-node' || !large) {
        const integrated = await integratedGradients(network, gradients, input, target, {
          steps: igSteps,
        });
        await compareMean(
          'integrated_gradients',
          integrated.attribution.data,
          Array.from({ length: igSteps }, (_, i) => {
            const t = (i + 0.5) / igSteps;
            return float32(
              input.data.map((v) => v * t),
              input.shape,
            );
          }),
          (element) => input.data[element]!,
        );
        expect(integrated.gap).toBeCloseTo(manifest.scalars.igGap, 2);

        const samples = array('smoothgrad_noise');
        const noise = Array.from({ length: samples.shape[0]! }, (_, i) =>
          samples.data.subarray(i * input.data.length, (i + 1) * input.data.length),
        );
        await compareMean(
          'smoothgrad',
          (await smoothGrad(network, gradients, input, target, noise)).data,
          noise.map((sample) =>
            float32(
              input.data.map((v, k) => v + sample[k]!),
              input.shape,
            ),
          ),
          () => 1,
        );

        const { value } = network.logits!;
        const score = async (tensor: Tensor): Promise<number> =>
          (await maps.read(tensor, [value])).get(value)!.data[manifest.choices.class]!;
        const occluded = await occlusion(score, input, {
          patch: occlusionPatch,
          stride: occlusionStride,
        });
        compare('occlusion', occluded.data);
      }
      for (const [file, error] of Object.entries(errors)) {
        expect(error, `${file}, in tolerances`).toBeLessThan(1);
      }
      await gradients.dispose();
      await maps.dispose();
      expect(executor.sessions).toBe(0);
    });
  },
);
describe.runIf(oracles.length === 0)('reference results', () => {
  it.skip('are missing: no ../shared/oracles beside the project', () => undefined);
});
