#!/usr/bin/env node
// The three commands of the project: start, test and bench. Needs nothing but Node, npm and git beforehand.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../', import.meta.url);
const folder = fileURLToPath(root);
const { packageManager } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

function fail(message) {
  console.error(`\n${message}`);
  process.exit(1);
}

/**
 * Runs the pinned pnpm through npx, so that nothing has to be installed beforehand; what it starts finds it as well.
 */
function pnpm(args, env = {}) {
  const { status, error } = spawnSync('npx', ['--yes', packageManager, ...args], {
    cwd: folder,
    stdio: 'inherit',
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', ...env },
    shell: process.platform === 'win32',
  });
  if (error) fail(`npx could not be started: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

const turbo = (tasks, env, ...options) =>
  pnpm(['exec', 'turbo', 'run', ...tasks, '--output-logs=new-only', ...options], env);

function install() {
  pnpm(['install', '--frozen-lockfile', '--prefer-offline']);
}

async function start() {
  install();
  turbo(['build'], {}, '--filter=@convlens/gallery');
  const { serve } = await import('../src/server.mjs');
  const port = Number(process.env.PORT ?? 4173);
  const gallery = fileURLToPath(new URL('apps/gallery/dist/', root));
  // A taken port is no reason not to start.
  const server = await serve(gallery, { port }).catch(() => serve(gallery));
  console.log(`\nConvlens is at ${server.url}  (Ctrl+C ends it)`);
}

async function test() {
  install();
  const { findBrowser } = await import('../src/browser.mjs');
  const browser = findBrowser(root);
  const shared = existsSync(new URL('../shared/oracles/README.md', root)) ? 'present' : 'missing';
  if (shared === 'missing') {
    console.log(
      'No ../shared beside the project: the tests against reference results are left out and say so.',
    );
  }
  console.log(`Browser: ${browser}`);
  turbo(
    [
      'build',
      'check:format',
      'check:types',
      'check:lint',
      'check:unused',
      'check:size',
      'check:publish',
      'test',
      'e2e',
    ],
    { CONVLENS_CHROMIUM: browser, CONVLENS_SHARED: shared },
    '--concurrency=2',
    // One failure hides no other.
    '--continue=dependencies-successful',
  );
  console.log('\nAll checks passed.');
}

async function bench() {
  install();
  const { findBrowser } = await import('../src/browser.mjs');
  turbo(['build'], {}, '--filter=@convlens/e2e^...');
  pnpm(['exec', 'node', 'e2e/bench/run.mjs', ...process.argv.slice(3)], {
    CONVLENS_CHROMIUM: findBrowser(root),
  });
}

const commands = { start, test, bench };
const command = commands[process.argv[2]];
if (!command) fail(`Usage: convlens-dev ${Object.keys(commands).join('|')}`);
await command().catch((error) => fail(error instanceof Error ? error.message : String(error)));
