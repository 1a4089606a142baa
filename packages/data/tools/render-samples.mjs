// Renders the sample pictures into dist/pictures, with a list of them: the second part of the build, since only pages,
// commands and tests need it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { writePng } from '../dist/png.js';
import { renderSample, sampleScenes } from '../dist/samples/index.js';

const SIZE = 320;
const folder = new URL('../dist/pictures/', import.meta.url);
mkdirSync(folder, { recursive: true });
const list = sampleScenes.map(({ id, title }) => {
  const file = `${id}.png`;
  writeFileSync(new URL(file, folder), writePng(renderSample(id, SIZE)));
  return { id, title, file };
});
writeFileSync(new URL('samples.json', folder), `${JSON.stringify(list, null, 2)}\n`);
