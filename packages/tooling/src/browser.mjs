// Finds a browser for the tests, and gets one when there is none.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
  'C:/Program Files (x86)/Google/Chrome/Application/chrome.exe',
];

const FIREFOX_NAMES = ['firefox-esr', 'firefox'];
const FIREFOX_PLACES = [
  '/Applications/Firefox.app/Contents/MacOS/firefox',
  'C:/Program Files/Mozilla Firefox/firefox.exe',
];

function onPath(name) {
  const finder = process.platform === 'win32' ? 'where' : 'which';
  const { status, stdout } = spawnSync(finder, [name], { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n')[0].trim() : undefined;
}

function installed() {
  for (const name of NAMES) {
    const path = onPath(name);
    if (path) return path;
  }
  return PLACES.find((path) => existsSync(path));
}

/** Playwright's own browser, when it has been downloaded before. */
function playwrights(require) {
  const path = require('@playwright/test').chromium.executablePath();
  return existsSync(path) ? path : undefined;
}

function run(command, args) {
  console.log(`> ${command} ${args.join(' ')}`);
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0;
}

/**
 * The path of a Chromium or Chrome: the one named by CONVLENS_CHROMIUM, an installed one, Playwright's download, or on
 * Debian as root the distribution's package.
 *
 * @param {URL} root of the project, with its packages installed
 * @returns {string}
 * @throws {Error} one sentence with what to do, when none can be had
 */
export function findBrowser(root) {
  const named = process.env.CONVLENS_CHROMIUM;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`CONVLENS_CHROMIUM names ${named}, which does not exist.`);
  }
  const require = createRequire(new URL('e2e/package.json', root));
  const found = installed() ?? playwrights(require);
  if (found) return found;
  console.log("No Chromium or Chrome is installed; trying Playwright's own download.");
  const cli = require.resolve('@playwright/test/cli');
  if (run(process.execPath, [cli, 'install', 'chromium']) && playwrights(require))
    return playwrights(require);
  console.log("That did not work; trying Debian's package.");
  installPackage('chromium');
  const packaged = installed();
  if (packaged) return packaged;
  throw new Error(
    'The browser tests need Chromium or Chrome and none could be installed: install one (Debian: apt-get install chromium) ' +
      'or set CONVLENS_CHROMIUM to its path, then run npm test again.',
  );
}

/** Installs a package of Debian, as root; whether that went well is seen by what is there afterwards. */
function installPackage(name) {
  if (process.getuid?.() !== 0 || !onPath('apt-get')) return;
  const options = { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  try {
    execFileSync('apt-get', ['update', '-qq'], options);
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], options);
  } catch {
    // Said by the caller, with what to do.
  }
}

/**
 * The path of a Firefox, for the run of everything: the one named by CONVLENS_FIREFOX, an installed one, or on Debian as
 * root the distribution's package. Without one the test that needs it fails, and says what to do.
 *
 * @returns {string | undefined}
 */
export function findFirefox() {
  const named = process.env.CONVLENS_FIREFOX;
  if (named) return named;
  const there = () =>
    FIREFOX_NAMES.map(onPath).find((path) => path !== undefined) ??
    FIREFOX_PLACES.find((path) => existsSync(path));
  const found = there();
  if (found) return found;
  installPackage('firefox-esr');
  return there();
}

/** Flags of every test browser: software GPU adapters, no sandbox for root, no connections of its own. */
export const BROWSER_FLAGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
];

/** The same on the machine's own GPU, for benches. */
export const GPU_FLAGS = BROWSER_FLAGS.filter((flag) => !flag.includes('swiftshader'));
