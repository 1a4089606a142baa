// Which tests run: those that stop a wrong change within minutes, or all that there are.

/**
 * Whether everything is tested (`npm run test:full`), or what stops a wrong change (`npm test`). A test that waits for
 * the full run is skipped in the other, and so seen.
 */
export const full = process.env.CONVLENS_TESTS === 'full';

/** Why a test is skipped that waits for the full run. */
export const LATER = 'left to npm run test:full';
