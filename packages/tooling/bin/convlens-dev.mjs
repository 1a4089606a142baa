#!/usr/bin/env node
// The commands of the project: start, test and bench. Needs nothing but Node, npm and git beforehand.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../', import.meta.url);
const folder = fileURLToPath(root);
const { packageManager } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

function fail(message) {
  console.error(`\n${message}`);
  process.exit(1);
}

const environment = (env) => ({
  ...process.env,
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  ...env,
});

/**
 * Runs the pinned pnpm through npx, so that nothing has to be installed beforehand; what it starts finds it as well.
 *
 * @returns whether it went well
 */
function attempt(args, env = {}) {
  const { status, error } = spawnSync('npx', ['--yes', packageManager, ...args], {
    cwd: folder,
    stdio: 'inherit',
    env: environment(env),
    shell: process.platform === 'win32',
  });
  if (error) fail(`npx could not be started: ${error.message}`);
  return status === 0;
}

/** The same, where nothing can go on without it. */
function pnpm(args, env) {
  if (!attempt(args, env)) process.exit(1);
}

const turbo = (tasks, ...options) => [
  ...['exec', 'turbo', 'run', ...tasks, '--output-logs=new-only', '--concurrency=2'],
  ...options,
];

function install() {
  pnpm(['install', '--frozen-lockfile', '--prefer-offline']);
}

async function start() {
  install();
  // The commands of the README run in this folder, too.
  pnpm(turbo(['build'], '--filter=@convlens/gallery', '--filter=@convlens/cli'));
  // The pages are whole but for pictures that a network is run thousands of times for: they come while one looks.
  const args = turbo(['pictures'], '--filter=@convlens/gallery');
  const painter = spawn('npx', ['--yes', packageManager, ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: environment({}),
    shell: process.platform === 'win32',
  });
  let making = true;
  painter.on('error', () => (making = false));
  painter.on('exit', (code) => {
    making = false;
    if (code === 0) console.log('Its pictures are complete.');
    else console.error('Some pictures of classes and dreams could not be painted.');
  });
  process.on('exit', () => painter.kill());
  const { serve } = await import('../src/server.mjs');
  const port = Number(process.env.PORT ?? 4173);
  const gallery = fileURLToPath(new URL('apps/gallery/dist/', root));
  const options = { making: () => making };
  // A taken port is no reason not to start.
  const server = await serve(gallery, { ...options, port }).catch(() => serve(gallery, options));
  console.log(`\nConvlens is at ${server.url}  (Ctrl+C ends it)`);
}

const CHECKS = [
  ...['build', 'check:format', 'check:types', 'check:lint', 'check:unused', 'check:size'],
  ...['check:publish', 'test', 'pictures'],
];

async function test() {
  const full = process.argv.includes('--full');
  install();
  const { findBrowser, findFirefox } = await import('../src/browser.mjs');
  const { stateOf } = await import('../src/shared.mjs');
  const browser = findBrowser(root);
  const shared = stateOf(fileURLToPath(new URL('../shared/', root)));
  if (shared === 'missing') {
    console.log(
      'No ../shared beside the project: the tests against reference results are left out and say so.',
    );
  }
  console.log(`Browser: ${browser}`);
  const env = {
    CONVLENS_CHROMIUM: browser,
    CONVLENS_SHARED: shared,
    CONVLENS_TESTS: full ? 'full' : 'quick',
    ...(full && { CONVLENS_FIREFOX: findFirefox() }),
  };
  // One failure hides no other.
  const goOn = '--continue=dependencies-successful';
  const passed = [
    attempt(turbo(CHECKS, goOn), env),
    // The browsers have both cores for themselves.
    attempt(turbo(['e2e'], goOn), env),
    // What was not compared says nothing about the table.
    !full || shared === 'missing' || attempt(['exec', 'node', 'e2e/support-table.mjs', '--check']),
  ];
  if (passed.includes(false)) fail('Some checks failed: see above.');
  console.log(`\nAll checks passed.${full ? '' : ' Everything is tested by npm run test:full.'}`);
}

async function bench() {
  install();
  const { findBrowser } = await import('../src/browser.mjs');
  pnpm(turbo(['build'], '--filter=@convlens/e2e^...'));
  pnpm(['exec', 'node', 'e2e/bench/run.mjs', ...process.argv.slice(3)], {
    CONVLENS_CHROMIUM: findBrowser(root),
  });
}

const commands = { start, test, bench };
const command = commands[process.argv[2]];
if (!command) fail(`Usage: convlens-dev ${Object.keys(commands).join('|')}`);
await command().catch((error) => fail(error instanceof Error ? error.message : String(error)));
