/** Whether everything is tested, or what stops a wrong change within minutes. */
export const full: boolean;

/** Why a test is skipped that waits for the full run. */
export const LATER: string;
