/** What a row says instead of WGSL: why a step with it is left to the processor. */
export interface OffGpu {
  readonly offGpu: string;
}

/**
 * Why something is not on the GPU; undefined where it is.
 *
 * @param offered what a row offers for the GPU
 */
export function whyOffGpu(offered: object): string | undefined {
  return 'offGpu' in offered ? (offered as OffGpu).offGpu : undefined;
}

/**
 * What a row offers for the GPU, where a step has been found to be on it.
 *
 * @param offered by the row
 */
export function onGpu<T extends object>(offered: T | OffGpu): T {
  const why = whyOffGpu(offered);
  if (why !== undefined) throw new RangeError(`not on the GPU: ${why}`);
  return offered as T;
}
