import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { fillFrontPage, type Living } from './pictures/front.js';
import { dreams } from './pictures/dreams.js';
import { renderWall } from './pictures/living.js';
import { renderPages } from './pictures/pages.js';
import { renderPictures } from './pictures/render.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const modelsFolder = here('../../models/');
const samplesFolder = dirname(
  createRequire(import.meta.url).resolve('@convlens/data/pictures/samples.json'),
);
const runtimeFolder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web/wasm'));
const tensorflowFolder = dirname(
  createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'),
);

/** Puts the networks, ONNX Runtime's files, the samples and the pictures of the front page beside the pages. */
function assets(): Plugin {
  const wall = renderWall(modelsFolder, samplesFolder).then(({ living: maps, files }) => {
    // A dream between every two maps; pictures/paint.ts paints it.
    const living: Living[] = [...maps];
    dreams(modelsFolder).forEach((dream, i) => living.splice(1 + 3 * i, 0, dream));
    return { living: living.slice(0, 12), files };
  });
  return {
    name: 'convlens-assets',
    transformIndexHtml: {
      order: 'pre',
      handler: async (html) => fillFrontPage(html, modelsFolder, (await wall).living),
    },
    async generateBundle() {
      const emit = (fileName: string, source: Uint8Array | string): void => {
        this.emitFile({ type: 'asset', fileName, source });
      };
      for (const file of readdirSync(modelsFolder)) {
        if (/\.onnx$|^manifest\.json$|\.txt$/.test(file)) {
          emit(`models/${file}`, readFileSync(join(modelsFolder, file)));
        }
      }
      for (const file of readdirSync(samplesFolder)) {
        emit(`samples/${file}`, readFileSync(join(samplesFolder, file)));
      }
      for (const file of readdirSync(runtimeFolder)) {
        if (/^ort-wasm-simd-threaded(\.asyncify)?\.(mjs|wasm)$/.test(file)) {
          emit(`runtime/${basename(file)}`, readFileSync(join(runtimeFolder, file)));
        }
      }
      const benchmarks = here('../../docs/benchmarks/');
      for (const file of readdirSync(benchmarks).filter((name) => name.endsWith('.json'))) {
        emit(`benchmarks/${file}`, readFileSync(join(benchmarks, file)));
      }
      for (const file of readdirSync(tensorflowFolder)) {
        if (file === 'tfjs-backend-wasm-simd.wasm') {
          emit(`runtime/${basename(file)}`, readFileSync(join(tensorflowFolder, file)));
        }
      }
      const styles = readFileSync(here('src/page.css'), 'utf8');
      for (const [file, page] of renderPages(here('../../docs/techniques/'), styles)) {
        emit(`docs/${file}`, page);
      }
      for (const [file, bytes] of renderPictures(modelsFolder)) emit(file, bytes);
      for (const [file, bytes] of (await wall).files) emit(file, bytes);
    },
  };
}

/** Every app has a define.js, and many libraries an index.js in dist: their names tell whose they are. */
function chunkName({
  name,
  facadeModuleId,
}: {
  name: string;
  facadeModuleId?: string | null;
}): string {
  const app = /apps[\\/]([\w-]+)[\\/]dist[\\/]define\.js$/.exec(facadeModuleId ?? '')?.[1];
  const library = /@tensorflow[\\/](tfjs-[\w-]+)/.exec(facadeModuleId ?? '')?.[1];
  return `assets/${app ?? library ?? name}-[hash].js`;
}

export default defineConfig({
  base: './',
  resolve: {
    // The runtime's .wasm files are found by address, not copied into the bundle.
    conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'production'],
  },
  worker: { format: 'es', rolldownOptions: { output: { chunkFileNames: chunkName } } },
  plugins: [assets()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        index: here('index.html'),
        'filter-viewer/index': here('filter-viewer/index.html'),
        'dream-studio/index': here('dream-studio/index.html'),
        'adversarial-lab/index': here('adversarial-lab/index.html'),
        'bench/index': here('bench/index.html'),
        'examples/course': here('examples/course.html'),
        embed: here('src/embed.ts'),
      },
      output: {
        // The embedding tag needs an address that stays the same from build to build.
        entryFileNames: ({ name }) =>
          name === 'embed' ? 'convlens.js' : 'assets/[name]-[hash].js',
        chunkFileNames: chunkName,
      },
    },
  },
});
