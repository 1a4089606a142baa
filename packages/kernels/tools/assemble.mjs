// Compiles assembly/ twice, with and without fused multiplication and addition, into src/binaries.ts.
import { Buffer } from 'node:buffer';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const folder = fileURLToPath(new URL('..', import.meta.url));

/** The program as base64: small enough to travel in the script that needs it. */
async function compile(...features) {
  const { error, stdout, stderr, binary } = await compileTo([
    'assembly/index.ts',
    ...['--baseDir', folder, '--runtime', 'stub', '--importMemory', '--initialMemory', '1'],
    ...['--noExportMemory', '--noAssert', '-O3', '--enable', 'simd'],
    ...features.flatMap((feature) => ['--enable', feature]),
  ]);
  if (error) throw new Error(`${error.message}\n${stdout}${stderr}`);
  return Buffer.from(binary).toString('base64');
}

async function compileTo(options) {
  let binary;
  const { error, stdout, stderr } = await asc.main(['--outFile', 'kernels.wasm', ...options], {
    writeFile: (_name, contents) => {
      binary = contents;
    },
  });
  return { error, stdout: stdout.toString(), stderr: stderr.toString(), binary };
}

const [relaxed, strict] = [await compile('relaxed-simd'), await compile()];
writeFileSync(
  new URL('../src/binaries.ts', import.meta.url),
  `// Made by tools/assemble.mjs from assembly/.

/** With fused multiplication and addition (relaxed SIMD). */
export const RELAXED =
  '${relaxed}';

/** With SIMD only. */
export const STRICT =
  '${strict}';
`,
);
