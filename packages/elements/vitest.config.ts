import { inBrowser } from '@convlens/tooling/vitest-browser.mjs';

export default inBrowser(['lit', 'lit/directives/repeat.js', '@convlens/engine > comlink']);
