import { css, html, LitElement, nothing, type CSSResultGroup, type TemplateResult } from 'lit';
import { controls, define, formatBytes, sharedEngine, tokens } from '@convlens/elements';
import type { BackendReport, Progress } from '@convlens/engine';

/**
 * What this machine can compute with. Only what costs nothing is looked up by itself; the real test fetches the
 * runtime and is asked for.
 *
 * @summary Backend of the visitor's machine.
 */
export class MachineCard extends LitElement {
  static override properties = {
    adapter: { state: true },
    report: { state: true },
    progress: { state: true },
    failure: { state: true },
  };

  static override styles: CSSResultGroup = [
    tokens,
    controls,
    css`
      :host {
        display: block;
        font-size: 16px;
      }
      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 4px 16px;
      }
      dt {
        color: var(--quiet);
      }
      dd {
        margin: 0;
        overflow-wrap: anywhere;
      }
    `,
  ];

  declare adapter: string;
  declare report: BackendReport | undefined;
  declare progress: Progress | undefined;
  declare failure: string;

  constructor() {
    super();
    this.adapter = 'looking…';
    this.failure = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#look();
  }

  async #look(): Promise<void> {
    const { gpu } = navigator as {
      gpu?: {
        requestAdapter(): Promise<{
          info: { description: string; vendor: string; architecture: string };
        } | null>;
      };
    };
    const adapter = await gpu?.requestAdapter().catch(() => null);
    const { description = '', vendor = '', architecture = '' } = adapter?.info ?? {};
    this.adapter = adapter
      ? description || `${vendor} ${architecture}`.trim() || 'yes'
      : 'not in this browser';
  }

  protected override render(): TemplateResult {
    const { report, progress } = this;
    const threads = crossOriginIsolated
      ? `up to ${Math.min(4, navigator.hardwareConcurrency)} threads`
      : 'one thread';
    return html`
      <dl>
        <dt>WebGPU</dt>
        <dd>${this.adapter}</dd>
        <dt>WebAssembly</dt>
        <dd>${threads}${crossOriginIsolated ? '' : ' (this page is not cross-origin isolated)'}</dd>
        ${
          report
            ? html`<dt>Chosen</dt>
                <dd>${report.reason} Ready in ${(report.startMs / 1000).toFixed(1)} s.</dd>`
            : nothing
        }
        ${
          this.failure === ''
            ? nothing
            : html`<dt>Failed</dt>
                <dd role="alert">${this.failure}</dd>`
        }
      </dl>
      ${
        progress
          ? html`<p>
              ${progress.stage === 'download' ? 'Fetching' : 'Starting'} ${progress.what}
              ${
                progress.loaded === undefined
                  ? nothing
                  : html`${formatBytes(progress.loaded)}
                      <progress
                        aria-label="Download"
                        max=${progress.total ?? 1}
                        value=${progress.loaded}
                      ></progress>`
              }
            </p>`
          : nothing
      }
      <button ?disabled=${progress !== undefined} @click=${() => void this.#test()}>
        Test this machine
      </button>
      <span class="quiet"
        >Fetches the runtime (3.7 to 6.7 MB compressed) and computes a known answer.</span
      >
    `;
  }

  async #test(): Promise<void> {
    this.failure = '';
    try {
      this.report = await sharedEngine().useBackend('auto', {
        onProgress: (progress) => (this.progress = progress),
      });
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
    this.progress = undefined;
  }
}

define('machine-card', MachineCard);
