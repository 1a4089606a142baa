export { settings as default } from '@convlens/tooling/vitest.mjs';
