import { css, html, LitElement, type CSSResultGroup, type TemplateResult } from 'lit';
import { controls, define, tokens } from '@convlens/elements';
import type { LabModel } from './lab-model.js';
import { TABS, type Tab } from './state.js';
import type { LabTab, TabParts } from './tabs/lab-tab.js';

/** What each tab is called, the element that it is, and the script that brings it when it is first opened. */
const KINDS: Readonly<Record<Tab, readonly [title: string, load: () => Promise<unknown>]>> = {
  parts: ['Where they part', () => import('./tabs/parts.js')],
  plane: ['Decision surface', () => import('./tabs/plane.js')],
  look: ['What it looks at', () => import('./tabs/look.js')],
  curve: ['Robustness', () => import('./tabs/curve.js')],
  transfer: ['Transfer', () => import('./tabs/transfer.js')],
  defences: ['Defences', () => import('./tabs/defences.js')],
  fooling: ['Fooling images', () => import('./tabs/fooling.js')],
  universal: ['One for all', () => import('./tabs/universal.js')],
  patch: ['Patch', () => import('./tabs/patch.js')],
  robust: ['Standard and robust', () => import('./tabs/robust.js')],
};

/** The tabs below the experiment. What was opened once stays as it is. */
class LabTabs extends LitElement {
  static override properties = { lab: { attribute: false }, revision: { attribute: false } };

  static override styles: CSSResultGroup = [
    tokens,
    controls,
    css`
      :host {
        display: block;
        border-top: 1px solid var(--line);
      }
      [role='tablist'] {
        display: flex;
        flex-wrap: wrap;
        gap: 4px;
        padding: 12px 16px 0;
      }
      [role='tab'] {
        min-height: 36px;
        padding: 0 9px;
        font-size: 13px;
      }
      [role='tab'][aria-selected='true'] {
        background: var(--text);
        color: var(--panel);
        border-color: var(--text);
      }
      [role='tabpanel'] {
        padding: 12px 16px 24px;
        min-height: 280px;
      }
      @media (pointer: coarse) {
        [role='tab'] {
          min-height: 44px;
        }
      }
      @media (max-width: 760px) {
        [role='tablist'] {
          flex-wrap: nowrap;
          overflow: auto hidden;
          scrollbar-width: thin;
          padding-bottom: 4px;
        }
        [role='tab'] {
          flex: none;
        }
      }
    `,
  ];

  declare lab: TabParts & Pick<LabModel, 'show' | 'fail'>;
  declare revision: number;
  readonly #made = new Map<Tab, LabTab>();
  readonly #loading = new Set<Tab>();

  protected override render(): TemplateResult {
    const { tab } = this.lab.state;
    void this.#load(tab);
    return html`
      <div role="tablist" aria-label="Look closer">
        ${TABS.map(
          (one) =>
            html`<button
              role="tab"
              id="tab-${one}"
              aria-selected=${one === tab}
              aria-controls="panel"
              tabindex=${one === tab ? 0 : -1}
              @click=${() => this.lab.show(one)}
              @keydown=${(event: KeyboardEvent) => this.#onKey(event, one)}
            >
              ${KINDS[one][0]}
            </button>`,
        )}
      </div>
      <div role="tabpanel" id="panel" aria-labelledby="tab-${tab}">${[...this.#made.values()]}</div>
    `;
  }

  async #load(tab: Tab): Promise<void> {
    if (this.#made.has(tab) || this.#loading.has(tab)) return;
    this.#loading.add(tab);
    try {
      await KINDS[tab][1]();
      this.#made.set(tab, document.createElement(`lab-${tab}`) as LabTab);
    } catch (error) {
      this.lab.fail(error);
    }
    this.#loading.delete(tab);
    this.requestUpdate();
  }

  protected override updated(): void {
    for (const [tab, element] of this.#made) {
      element.hidden = tab !== this.lab.state.tab;
      element.lab = this.lab;
      element.active = !element.hidden;
      element.revision = this.revision;
    }
  }

  #onKey(event: KeyboardEvent, tab: Tab): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length]!;
    this.lab.show(next);
    const button = this.renderRoot.querySelector<HTMLElement>(`#tab-${next}`);
    button?.focus();
    button?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }
}

define('lab-tabs', LabTabs);

/**
 * The tabs of a lab.
 *
 * @param model the lab
 * @param revision changed whenever the lab has
 */
export const tabs = (model: LabTabs['lab'], revision: number): TemplateResult =>
  html`<lab-tabs .lab=${model} .revision=${revision}></lab-tabs>`;
