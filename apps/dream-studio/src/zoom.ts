import type { DreamRecipe } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import type { EngineSession, ImageId, NetworkId } from '@convlens/engine';

/** Share by which the view closes in from frame to frame (Mordvintsev et al. 2015). */
const CLOSER = 0.05;
/** Steps and sizes for one frame: it has dreamt already. */
const EACH = { steps: 4, octaves: 2 } as const;

/** The middle of a picture, enlarged to its size. */
function closer({ width, height, data }: Pixels): Pixels {
  const from = document.createElement('canvas');
  from.width = width;
  from.height = height;
  from
    .getContext('2d')!
    .putImageData(new ImageData(Uint8ClampedArray.from(data), width, height), 0, 0);
  const to = document.createElement('canvas');
  to.width = width;
  to.height = height;
  const context = to.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  const [cut, drop] = [(width * CLOSER) / 2, (height * CLOSER) / 2];
  context.drawImage(from, cut, drop, width - 2 * cut, height - 2 * drop, 0, 0, width, height);
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

/**
 * Falls into a dream: zooms in a little, dreams a little, again and again.
 *
 * @param engine of the element
 * @param request what dreams, and the picture to begin with
 * @param frames how many pictures
 * @param show told of every picture
 * @param signal ends it
 * @throws LensError as the engine does
 */
export async function fallInto(
  engine: EngineSession,
  request: {
    readonly network: NetworkId;
    readonly recipe: DreamRecipe;
    readonly guide?: ImageId;
    readonly from: Pixels;
  },
  frames: number,
  show: (picture: Pixels, index: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const { network, guide } = request;
  let picture = request.from;
  for (let i = 0; i < frames; i++) {
    picture = closer(picture);
    const image = await engine.openImage({ pixels: picture }, { signal });
    const recipe = { ...request.recipe, ...EACH, seed: request.recipe.seed + i + 1 };
    try {
      const { frame } = await engine.run(
        'recipe',
        {
          network,
          recipe,
          image: image.id,
          ...(guide === undefined ? {} : { guide }),
          frameMs: Infinity,
          stateMs: Infinity,
        },
        { signal },
      );
      picture = frame.pictures[0]!;
    } finally {
      image[Symbol.dispose]();
    }
    show(picture, i);
  }
}
