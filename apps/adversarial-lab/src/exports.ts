import { softmax, topClass } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { writePng } from '@convlens/data/png';
import { asGif } from '@convlens/elements/gif.js';
import { LensError } from '@convlens/onnx';
import { amplified } from './change.js';
import { csv } from './csv.js';
import type { LabModel } from './lab-model.js';
import { recipeText } from './recipe.js';
import type { SaveKind } from './stage.js';

/** What is saved of a lab. */
export type Saved = Pick<LabModel, 'answer' | 'finished' | 'nameOf' | 'original' | 'recipe'>;

/** Smallest side of a picture in a film, gap between two, and milliseconds that each is shown. */
const FILM = { side: 256, gap: 8, delay: 100 };

const pngOf = (picture: Pixels, text: Readonly<Record<string, string>> = {}): Blob =>
  new Blob([writePng(picture, text) as Uint8Array<ArrayBuffer>], { type: 'image/png' });

/** Original, change and result side by side, of every picture of the attack. */
function* reel(original: Pixels, pictures: readonly Pixels[]): Generator<HTMLCanvasElement> {
  const scale = Math.max(1, Math.round(FILM.side / original.width));
  const [width, height] = [original.width * scale, original.height * scale];
  const scratch = document.createElement('canvas');
  scratch.width = original.width;
  scratch.height = original.height;
  const brush = scratch.getContext('2d')!;
  for (const picture of pictures) {
    const canvas = document.createElement('canvas');
    canvas.width = 3 * width + 2 * FILM.gap;
    canvas.height = height;
    const context = canvas.getContext('2d', { willReadFrequently: true })!;
    context.fillStyle = '#fff';
    context.fillRect(0, 0, canvas.width, height);
    context.imageSmoothingQuality = 'high';
    const parts = [original, amplified(original, picture).picture, picture];
    for (const [i, { data, ...size }] of parts.entries()) {
      brush.putImageData(
        new ImageData(Uint8ClampedArray.from(data), size.width, size.height),
        0,
        0,
      );
      context.drawImage(scratch, i * (width + FILM.gap), 0, width, height);
    }
    yield canvas;
  }
}

/** What was measured of the attack, one line. */
function measurements(model: Saved): string {
  const answer = model.answer!;
  const { size, logits, fooled } = answer.file;
  const row = {
    ...model.recipe(),
    settings: Object.entries(answer.settings)
      .map((pair) => pair.join('='))
      .join(' '),
    defence: model.finished?.request.defence?.id ?? '',
    before: model.nameOf(answer.label),
    beforeProbability: softmax(answer.before)[answer.label],
    after: model.nameOf(topClass(logits)),
    afterProbability: softmax(logits)[topClass(logits)],
    fooledIn32Bits: answer.fooled,
    fooledIn8Bits: fooled,
    repairs: answer.repairs,
    ...size,
    gradients: answer.queries.gradient,
    answers: answer.queries.forward,
    steps: answer.steps,
    milliseconds: Math.round(answer.runMs),
  };
  return csv([Object.keys(row), Object.values(row)]);
}

/**
 * A file of the last attack.
 *
 * @param model the lab
 * @param kind which
 * @throws LensError `E_ARGUMENT` before the first attack
 */
export async function save(
  model: Saved,
  kind: SaveKind,
): Promise<{ readonly blob: Blob; readonly name: string }> {
  const { answer, finished, original } = model;
  const recipe = model.recipe();
  if (!answer || !finished || !original || !recipe) {
    throw new LensError('E_ARGUMENT', 'There is nothing to save yet: wait for the attack.');
  }
  const base = `${recipe.network}-${recipe.image || 'image'}-${recipe.attack}`.replaceAll(
    /[^\w.-]+/g,
    '-',
  );
  switch (kind) {
    case 'png':
      return { blob: pngOf(answer.file.picture, recipeText(recipe)), name: `${base}.png` };
    case 'change': {
      const { picture, factor } = amplified(original.picture, answer.file.picture);
      return { blob: pngOf(picture), name: `${base}-change-x${factor}.png` };
    }
    case 'recipe': {
      const text = JSON.stringify(recipe, null, 2);
      return { blob: new Blob([text], { type: 'application/json' }), name: `${base}.json` };
    }
    case 'csv':
      return {
        blob: new Blob([measurements(model)], { type: 'text/csv' }),
        name: `${base}.csv`,
      };
    case 'gif': {
      const last = answer.file.picture;
      const pictures = [
        original.picture,
        ...finished.reel.map(({ picture }) => picture),
        ...Array<Pixels>(8).fill(last),
      ];
      return {
        blob: await asGif(reel(original.picture, pictures), FILM.delay, 'rgb444'),
        name: `${base}.gif`,
      };
    }
  }
}
