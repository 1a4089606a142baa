import type { Machine } from '@convlens/core';

interface Adapter {
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly description: string;
    readonly isFallbackAdapter?: boolean;
  };
}

/** The GPU of this machine as WebGPU shows it. */
export interface Gpu {
  /** Empty without WebGPU. */
  readonly name: string;
  /** False where there is none, or one that is emulated by the processor. */
  readonly real: boolean;
}

/** Looks for a GPU; nothing is fetched or started for that. */
export async function findGpu(): Promise<Gpu> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<Adapter | null> } };
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (!adapter) return { name: '', real: false };
  const { vendor, architecture, description, isFallbackAdapter = false } = adapter.info;
  const name = description || `${vendor} ${architecture}`.trim() || 'GPU';
  return {
    name,
    real: !isFallbackAdapter && !/swiftshader|llvmpipe|software|basic render/i.test(name),
  };
}

/** The browser's name and version, as far as it tells them. */
function browserName(): string {
  const { userAgent } = navigator;
  const found = /(Edg|OPR|Firefox|Chrome|Version)\/(\d+)/.exec(
    userAgent.includes('Edg/') ? userAgent.replace(/Chrome\/\d+/, '') : userAgent,
  );
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera', Version: 'Safari' };
  // "X11; Linux x86_64", "Macintosh; Intel Mac OS X 10_15_7", "Windows NT 10.0; Win64; x64".
  const [window = '', kernel = ''] = (/\(([^)]+)\)/.exec(userAgent)?.[1] ?? '').split('; ');
  const system = /^(X11|Macintosh)$/.test(window) ? kernel : window;
  const browser = found ? `${names[found[1]!] ?? found[1]} ${found[2]}` : 'a browser';
  return system === '' ? browser : `${browser}, ${system}`;
}

/** Describes this machine as far as a page can see it. */
export function describeMachine({ name }: Gpu): Machine {
  const program = browserName();
  const cores = navigator.hardwareConcurrency;
  return {
    name: `${program}, ${cores} cores${name === '' ? '' : `, ${name}`}`,
    program,
    cores,
    isolated: crossOriginIsolated,
    ...(name === '' ? {} : { adapter: name }),
  };
}
