// Writes docs/support.md from what the browser tests have compared, or checks it:
//
//   npm run test:full                  compares everything, and fails when the page does not say what was found
//   node support-table.mjs             writes the page
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const folder = here('artifacts/conformance/');
const results = existsSync(folder)
  ? readdirSync(folder).map((file) => JSON.parse(readFileSync(folder + file, 'utf8')))
  : [];

const RUNTIMES = {
  'ort-wasm': 'WASM, ONNX Runtime',
  'tfjs-wasm': 'WASM, TensorFlow.js',
  'tfjs-webgl': 'WebGL, TensorFlow.js',
  'ort-webgpu': 'WebGPU, ONNX Runtime',
  'tfjs-webgpu': 'WebGPU, TensorFlow.js',
};
const NETWORKS = {
  operators: '80 operators, values and products',
  embedded_resnet18: 'ResNet-18, 64 px',
  embedded_vgg11: 'VGG-11, 64 px',
  embedded_alexnet: 'AlexNet, 64 px',
  embedded_densenet: 'DenseNet, 64 px',
  mnist: 'MNIST, 28 px',
  resnet20_cifar10: 'ResNet-20, CIFAR-10',
  googlenet: 'GoogLeNet, 224 px',
  squeezenet1_1: 'SqueezeNet 1.1, 224 px',
};
const KINDS = {
  operators: 'each alone',
  activations: 'feature maps, scores',
  derivatives: 'projections, saliency',
};

function cell(runtime, network, kind) {
  const found = results.find(
    (one) => one.runtime === runtime && one.network === network && one.kind === kind,
  );
  if (!found) return 'not run';
  const worst = Math.max(...found.parts);
  if (!(worst < 1)) return '**wrong**';
  return worst < 0.01 ? '✓ < 1 %' : `✓ ${Math.ceil(100 * worst)} %`;
}

const rows = Object.entries(NETWORKS).flatMap(([network, title]) =>
  Object.entries(KINDS)
    .filter(([kind]) => (kind === 'operators') === (network === 'operators'))
    .map(
      ([kind, what]) =>
        `| ${[title, what, ...Object.keys(RUNTIMES).map((id) => cell(id, network, kind))].join(' | ')} |`,
    ),
);
const titles = Object.values(RUNTIMES);
const text = `# What every runtime computes

Compared with PyTorch in Chromium: the largest relative error of any array, as a part of its tolerance. WebGPU and WebGL ran on
software adapters. Written by \`e2e/support-table.mjs\` from a full run of the browser tests.

| network | technique | ${titles.join(' | ')} |
| --- | --- | ${titles.map(() => '---').join(' | ')} |
${rows.join('\n')}

Every other technique is made of the same two things: scores and activations, and a value with its gradient. In Node, onnxruntime
(native and WASM) and TensorFlow.js on WASM are compared with all references: activations, gradients, projections, Grad-CAM,
integrated gradients, SmoothGrad, occlusion, optimisations step by step and attacks. _Not run_: takes more than ten minutes on an
emulated GPU; its operators are among the others.
`;
const path = here('../docs/support.md');

/** The cells of the table, row by row, with their numbers apart: processors round otherwise, which moves these a little. */
function cells(page) {
  return page
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((each) => {
          const said = each.trim();
          const [, below, percent] = /^✓ (< )?(\d+) %$/.exec(said) ?? [];
          return percent === undefined
            ? { said }
            : { said, part: below === undefined ? Number(percent) : 0 };
        }),
    );
}

/** Points of a hundred by which a number may differ on another processor. */
const ROUNDING = 3;

if (process.argv.includes('--check')) {
  const [theirs, mine] = [cells(readFileSync(path, 'utf8')), cells(text)];
  const wrong = mine.flatMap((row, r) =>
    row.flatMap((cell, c) => {
      const other = theirs[r]?.[c];
      const same =
        cell.part === undefined || other?.part === undefined
          ? cell.said === other?.said
          : Math.abs(cell.part - other.part) <= ROUNDING;
      const where = `${row[0].said}, ${row[1].said}, ${mine[0][c].said}`;
      return same ? [] : [`${where}: measured "${cell.said}", said "${other?.said ?? 'nothing'}"`];
    }),
  );
  if (wrong.length > 0 || theirs.length !== mine.length) {
    console.error(
      `docs/support.md is not what was measured:\n${wrong.join('\n')}\nTo write it: node e2e/support-table.mjs`,
    );
    process.exitCode = 1;
  }
} else writeFileSync(path, text);
