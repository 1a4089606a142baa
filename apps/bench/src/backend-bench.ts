import { html, LitElement, nothing, type CSSResultGroup, type TemplateResult } from 'lit';
import { reportCsv, type BenchReport } from '@convlens/core';
import {
  AppController,
  banner,
  controls,
  define,
  fileButton,
  formatNumber,
  resolveFile,
  shell,
  tokens,
} from '@convlens/elements';
import { layout } from './backend-bench.styles.js';
import { BenchModel } from './bench-model.js';
import { chart } from './chart.js';
import { choices } from './choices.js';
import { groupWork, winner } from './comparison.js';
import { runtimeTitle } from './runtimes.js';
import { linkSchema, type BenchState } from './state.js';
import { operatorTable, runtimeTable, workTable } from './tables.js';
import { groupTitle, type Titles } from './words.js';

/**
 * The speed of the compute backends of this machine at forward passes, gradients and dream steps, whether they compute
 * the same, and how other machines compare.
 *
 * @summary Which backend is fastest here.
 * @fires load - results are shown
 * @fires error - something failed; `code` and `message` say what
 */
export class BackendBench extends LitElement {
  static override properties = {
    networks: {},
    link: { type: Boolean },
  };

  static override styles: CSSResultGroup = [tokens, controls, shell, layout];

  /** Ids of the networks to measure, joined by commas. */
  declare networks: string | undefined;
  /** Keep what is chosen in the address of the page. For pages that belong to the bench alone. */
  declare link: boolean;

  #loaded = false;
  readonly #app: AppController<BenchState, BenchModel>;

  constructor() {
    super();
    this.link = false;
    this.#app = new AppController(this, {
      schema: linkSchema,
      attributes: ['networks'],
      make: (place) => new BenchModel(place),
      takeFiles: (model, files) => void model.take(files),
    });
  }

  get #model(): BenchModel | undefined {
    return this.#app.model;
  }

  get #titles(): Titles {
    return new Map(this.#model?.networks.map(({ id, title }) => [id, title]));
  }

  protected override render(): TemplateResult {
    const model = this.#model;
    if (!model) return html``;
    return html`
      <div class="bench">
        <section class="what" aria-label="What is measured">
          <div class="start">
            ${
              model.step
                ? html`<button class="primary" @click=${() => model.cancel()}>Stop</button>`
                : html`<button class="primary" @click=${() => void model.start()}>
                    Measure this machine
                  </button>`
            }
            ${this.#progress(model)}
          </div>
          ${choices(model)}
        </section>
        <section class="results" aria-label="Results">
          ${banner(model.problem, '', () => model.dismiss())}
          ${model.reports.length > 0 ? this.#results(model) : this.#empty()}
          ${this.#app.isDropping ? html`<div class="drop">Drop results of another machine (JSON)</div>` : nothing}
        </section>
      </div>
    `;
  }

  #progress({ step }: BenchModel): TemplateResult {
    if (!step) {
      return html`<p class="quiet">
        The runtimes are fetched first (4 to 11 MB). Leave the page in front while it measures.
      </p>`;
    }
    return html`<p class="quiet" role="status">${step.what}</p>
      <progress aria-label="Measured" max=${step.total} .value=${step.done}></progress>`;
  }

  #empty(): TemplateResult {
    return html`<p class="quiet">
      Nothing has been measured yet. Press “Measure this machine”, or drop the results of another
      one here.
    </p>`;
  }

  /** The one sentence that answers the question. */
  #answer(model: BenchModel): TemplateResult {
    const report = model.own ?? model.others[0]!;
    const best = winner(report);
    const here = report === model.own;
    if (!best) {
      return html`<h2 class="answer">
        ${model.step ? 'Measuring…' : 'No backend could be measured.'}
      </h2>`;
    }
    const { runtime, won, of } = best;
    const [group] = groupWork([report]).filter(
      ({ entries }) => entries[0]?.row.runtime === runtime,
    );
    return html`<h2 class="answer">
        ${here ? 'Fastest here' : 'Fastest there'}: ${runtimeTitle(runtime)}
      </h2>
      <p class="quiet">
        ${of === 1 ? '' : `At ${won} of ${of} kinds of work. `}${
          group
            ? `${groupTitle(group, this.#titles)}: ${formatNumber(group.entries[0]!.row.medianMs ?? NaN)} ms.`
            : ''
        }
        ${here ? '' : 'These are results of another machine; measure this one to see its own beside them.'}
      </p>`;
  }

  #results(model: BenchModel): TemplateResult {
    const { reports } = model;
    const groups = groupWork(reports);
    const several = reports.length > 1;
    return html`
      <div class="head">
        <div>${this.#answer(model)}</div>
        <div class="buttons">
          <button @click=${() => void this.#save('json')}>JSON</button>
          <button @click=${() => void this.#save('csv')}>CSV</button>
          ${fileButton(
            'Compare with…',
            'Results of other machines',
            (files) => void model.take(files),
            { accept: '.json', multiple: true },
          )}
          <a href=${resolveFile('docs', 'backends.html')}>How to read it</a>
        </div>
      </div>
      ${chart(groups, this.#titles, several)}
      <p class="quiet">
        Bars are median times, each group on its own scale: the fastest is an eighth of the width,
        and bars that reach the end go on.
      </p>
      <h2>Numbers</h2>
      ${workTable(groups, this.#titles, several)}
      ${reports.map((report) => this.#machine(model, report))}
    `;
  }

  #machine(model: BenchModel, report: BenchReport): TemplateResult {
    const { machine, date } = report;
    const day = new Date(date).toLocaleDateString(undefined, { dateStyle: 'medium' });
    return html`
      <h2>${report === model.own ? 'This machine' : machine.name}</h2>
      <p class="quiet">
        ${report === model.own ? `${machine.name}. ` : ''}${
          machine.isolated === false
            ? 'The page may use one thread (it is not cross-origin isolated). '
            : ''
        }Measured
        ${day}.
        <button @click=${() => model.remove(report)}>Remove</button>
      </p>
      ${runtimeTable(report)} ${operatorTable(report)}
    `;
  }

  async #save(kind: 'json' | 'csv'): Promise<void> {
    const model = this.#model;
    const [first] = model?.reports ?? [];
    if (!model || !first) return;
    const { saveFile } = await import('@convlens/elements/save.js');
    if (kind === 'csv') {
      saveFile(new Blob([reportCsv(model.reports)], { type: 'text/csv' }), 'convlens-bench.csv');
    } else {
      const text = JSON.stringify(model.own ?? first, null, 2);
      saveFile(new Blob([text], { type: 'application/json' }), 'convlens-bench.json');
    }
  }

  protected override updated(): void {
    const model = this.#model;
    if (!model) return;
    if (!this.#loaded && model.reports.length > 0) {
      this.#loaded = true;
      performance.mark('convlens-first-pictures');
      this.dispatchEvent(new Event('load'));
    }
  }
}

define('backend-bench', BackendBench);

declare global {
  interface HTMLElementTagNameMap {
    'backend-bench': BackendBench;
  }
}
