import { staticFiles, staticScripts } from './packages/tooling/src/static-files.mjs';

const dist = 'apps/gallery/dist';

// Limits in bytes of gzip.
export default [
  {
    name: 'app shell: page, styles, scripts of the filter viewer until its first pictures',
    path: staticFiles(dist, 'filter-viewer/index.html', [
      /^filter-viewer\/index-.*\.js$/,
      /^filter-viewer-.*\.js$/,
    ]),
    limit: '38.5 kB',
    gzip: true,
  },
  {
    name: 'worker that reads networks: its script and what that imports',
    path: staticScripts(dist, [/^engine\.worker-.*\.js$/]),
    limit: '43 kB',
    gzip: true,
  },
  {
    name: 'loaded when something is computed, besides the runtime',
    path: `${dist}/assets/{backends-web,activations,projections,attribution,derive,recipe,runtime,maps,job,inspectors,top-classes,legend,geometry,tensor,preprocess}-*.js`,
    limit: '64 kB',
    gzip: true,
  },
  {
    name: 'loaded with the strongest patches, with switches, with a zip',
    path: `${dist}/assets/{patches,switches,window,zip}-*.js`,
    limit: '12 kB',
    gzip: true,
  },
  {
    name: 'adversarial lab: its page besides what all pages share',
    path: `${dist}/assets/{adversarial-lab,lab-model}-*.js`,
    limit: '16 kB',
    gzip: true,
  },
  {
    name: 'loaded in the worker with the first attack',
    path: `${dist}/assets/{attack,experiment,registry,losses,noise}-*.js`,
    limit: '24 kB',
    gzip: true,
  },
];
