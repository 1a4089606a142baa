import { html, type TemplateResult } from 'lit';
import type { Backend, BackendReport } from '@convlens/engine';

const NAMES: Readonly<Record<Backend, string>> = {
  webgpu: 'WebGPU',
  webgl: 'WebGL',
  wasm: 'WASM',
  cpu: 'CPU',
};

/**
 * What people call the backend in use.
 *
 * @param report which one; undefined before one has started
 */
function backendName(report: BackendReport | undefined): string {
  if (!report) return 'not started';
  const { backend, threads } = report;
  return backend === 'wasm' ? `WASM ×${threads}` : NAMES[backend];
}

/**
 * What a person can choose from: the best, or one of the three.
 *
 * @param report which one is in use
 */
export function backendOptions(report: BackendReport | undefined): TemplateResult {
  const choices = ['webgpu', 'webgl', 'wasm'] as const;
  return html`<option value="auto">Best: ${backendName(report)}</option>
    ${choices.map((choice) => html`<option value=${choice}>${NAMES[choice]}</option>`)}`;
}
