import {
  html,
  LitElement,
  nothing,
  type CSSResultGroup,
  type PropertyValues,
  type TemplateResult,
} from 'lit';
import {
  controls,
  fileButton,
  resolveFile,
  Tasks,
  tokens,
  type TaskOptions,
} from '@convlens/elements';
import '@convlens/elements/picture.js';
import type { LabModel } from '../lab-model.js';
import { tabStyles } from './lab-tab.styles.js';

/** What a tab needs: a lab, or as much of one. A tab can be used alone. */
export type TabParts = Pick<
  LabModel,
  | 'session'
  | 'networks'
  | 'network'
  | 'names'
  | 'classes'
  | 'nameOf'
  | 'state'
  | 'set'
  | 'pictures'
  | 'choosePictures'
  | 'opened'
  | 'attacked'
  | 'result'
  | 'answer'
  | 'run'
  | 'original'
  | 'imageTitle'
  | 'show'
  | 'showLayer'
>;

/** One tab below the experiment: it has tasks of its own, and computes only while it is looked at. */
export abstract class LabTab extends LitElement {
  static override properties = {
    lab: { attribute: false },
    revision: { attribute: false },
    active: { attribute: false },
  };

  static override styles: CSSResultGroup = [tokens, controls, tabStyles];

  declare lab: TabParts;
  /** Changed whenever the lab has. */
  declare revision: number;
  /** Whether it is the tab that is looked at. */
  declare active: boolean;
  readonly #tasks = new Tasks(() => this.requestUpdate());

  #of: unknown;
  #complete = false;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#tasks.cancel();
  }

  /** What tabs about the last attack compute when there is another. */
  protected compute?(options: TaskOptions): Promise<void>;

  /** Whether what was computed belongs to the attack that is shown. */
  protected get fresh(): boolean {
    return this.#complete && this.#of === this.lab.answer;
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    if (!this.compute || !this.active) return;
    // The attack goes first: what was begun about the one before is of no use.
    if (this.lab.run?.active) this.stop();
    else if (this.lab.answer && this.#of !== this.lab.answer) this.#begin();
  }

  #begin(): void {
    this.#of = this.lab.answer;
    this.#complete = false;
    void this.task(async (options) => {
      await this.compute!(options);
      this.#complete = true;
    });
  }

  /** How far it is; or the way to begin again what was stopped. */
  protected computing(): TemplateResult | typeof nothing {
    if (this.busy) return html`<p class="row">${this.starter('', () => undefined)}</p>`;
    if (this.fresh) return nothing;
    if (!this.lab.answer) return html`<p class="empty">Computed when the attack is done.</p>`;
    return html`<p class="row">${this.starter('Compute', () => this.#begin())}</p>`;
  }

  /** Does something that can be stopped; what fails is said, and what was there stays. */
  protected task(work: (options: TaskOptions) => Promise<void>): Promise<boolean> {
    return this.#tasks.run('work', async (options) => {
      // On the page at once, and not only when the worker says something.
      options.onProgress({ stage: 'start', what: 'the network' });
      await work(options);
    });
  }

  /** Whether something is under way. */
  protected get busy(): boolean {
    return this.#tasks.busy.has('work');
  }

  /** Ends what is under way. */
  protected stop(): void {
    this.#tasks.cancel();
  }

  /** Sentence on what is shown and how to read it, with its page. */
  protected about(sentence: string, page: string): TemplateResult {
    return html`<p class="about">
      ${sentence}
      <a href=${resolveFile('docs', page)} target="_blank" rel="noopener">How to read it</a>
    </p>`;
  }

  /** A button that starts, or stops what it has started, with how far it is. */
  protected starter(title: string, start: () => void): TemplateResult {
    const progress = this.#tasks.busy.get('work');
    if (!progress) return html`<button class="primary" @click=${start}>${title}</button>`;
    const { stage, what, loaded, total } = progress;
    const at = stage === 'run' && total ? Math.min(1, (loaded ?? 0) / total) : undefined;
    const words =
      at === undefined
        ? `Preparing ${what}…`
        : `${Math.round(at * 100)} % of ${total} ${total === 1 ? what.replace(/s$/, '') : what}`;
    return html`<button class="primary" @click=${() => this.stop()}>Stop</button>
      <span class="working" role="status">${words}</span>
      <progress aria-label="Done" max="1" .value=${at ?? 0}></progress>`;
  }

  /** What went wrong. */
  protected banner(): TemplateResult | typeof nothing {
    const { problem } = this.#tasks;
    if (!problem) return nothing;
    return html`<div class="banner" role="alert" data-code=${problem.code}>
      <p>${problem.message}</p>
      <button
        @click=${() => {
          this.#tasks.dismiss();
        }}
      >
        Close
      </button>
    </div>`;
  }

  /** What is measured on, and the way to something else. */
  protected pictures(): TemplateResult {
    const { set } = this.lab;
    if (!set) {
      void this.lab.pictures().then(() => this.requestUpdate());
      return html``;
    }
    const named = this.lab.names;
    return html`<details class="set">
      <summary>Measured on ${set.title}</summary>
      <ul aria-label="Pictures">
        ${set.pictures.map(
          ({ name, url, words }) =>
            html`<li>
              <img src=${url} alt="" width="48" height="48" loading="lazy" />
              <span>${named?.find((one) => words.includes(one.toLowerCase())) ?? name}</span>
            </li>`,
        )}
      </ul>
      <p class="quiet">
        A picture counts only where the network was right about it before. What is right says the
        name of the file or of its folder (“lemon-2.png”, “goldfish/4.jpg”); without such a name it
        is what the network answers.
      </p>
      <p class="row">
        ${fileButton(
          'Your pictures…',
          'Pictures or a zip archive',
          (files) => void this.lab.choosePictures(files),
          { accept: 'image/*,.zip', multiple: true },
        )}
        ${set.title.endsWith('samples') ? nothing : html`<button @click=${() => void this.lab.choosePictures([])}>Samples</button>`}
      </p>
    </details>`;
  }
}
