import { inBrowser } from '@convlens/tooling/vitest-browser.mjs';

export default inBrowser(['lit', '@convlens/engine > comlink']);
