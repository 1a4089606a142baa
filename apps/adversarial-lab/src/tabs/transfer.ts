import { html, nothing, type TemplateResult } from 'lit';
import { attackMethods, topClass, type TransferCell } from '@convlens/core';
import { define } from '@convlens/elements';
import { saveFile } from '@convlens/elements/save.js';
import type { NetworkSummary } from '@convlens/engine';
import { csv } from '../csv.js';
import { LabTab } from './lab-tab.js';

interface Shown {
  readonly title: string;
  readonly before: string;
  readonly after: string;
  readonly fooled: boolean;
}

const ATTACKS = ['pgd', 'mi-fgsm', 'fgsm', 'apgd'] as const;

/** Whether what fools one network fools others: this picture, and all pictures between all networks. */
class LabTransfer extends LabTab {
  #rows: readonly (readonly TransferCell[])[] = [];
  #networks: readonly { readonly id: string; readonly title: string }[] = [];
  #method = 'mi-fgsm';
  #levels = 8;
  #shown: readonly Shown[] = [];

  #start(): void {
    void this.task(async (options) => {
      const networks = this.lab.networks.options;
      const opened: NetworkSummary[] = [];
      for (const { id } of networks) opened.push(await this.lab.opened(id, options));
      const set = await this.lab.pictures();
      const images = await set.open(this.lab.session, opened[0]?.classes, options.signal);
      this.#rows = [];
      this.#networks = networks;
      const settings = { eps: this.#levels / 255 };
      const { rows } = await this.lab.session.run(
        'transfer',
        {
          networks: opened.map(({ handle }) => handle),
          images,
          method: this.#method,
          settings,
          seed: this.lab.state.seed ?? 1,
        },
        {
          signal: options.signal,
          onProgress: options.onProgress,
          onFrame: (frame) => {
            this.#rows = frame.rows ?? this.#rows;
            this.requestUpdate();
          },
        },
      );
      this.#rows = rows;
    });
  }

  #showAll(): void {
    const { attacked: original, result } = this.lab;
    if (!original || !result) return;
    void this.task(async (options) => {
      const found: Shown[] = [];
      this.#shown = [];
      for (const { id, title } of this.lab.networks.options) {
        const { handle, classes } = await this.lab.opened(id, options);
        const answers: number[] = [];
        for (const image of [original, result]) {
          const request = { network: handle, image, layers: [], scores: true };
          const { logits } = await this.lab.session.run('activations', request, options);
          answers.push(topClass(logits ?? []));
        }
        const [before, after] = answers.map((k) => classes?.[k] ?? `class ${k}`);
        found.push({ title, before: before!, after: after!, fooled: before !== after });
        this.#shown = [...found];
      }
    });
  }

  #save(): void {
    const rows = this.#rows.flatMap((row, i) =>
      row.map(({ compared, fooled, rate }, j) => [
        this.#networks[i]!.title,
        this.#networks[j]!.title,
        this.#method,
        this.#levels,
        compared,
        fooled,
        rate,
      ]),
    );
    const head = ['made for', 'shown to', 'attack', 'epsilon of 255', 'compared', 'fooled', 'rate'];
    saveFile(new Blob([csv([head, ...rows])], { type: 'text/csv' }), 'transfer.csv');
  }

  protected override render(): TemplateResult {
    return html`
      ${this.about(
        'Whether what was made for one network (a row) also fools another (a column), of the pictures that both knew. The diagonal is the attack itself.',
        'robustness.html',
      )}
      <div class="row">
        <label
          >Attack
          <select
            @change=${(event: Event) => (this.#method = (event.target as HTMLSelectElement).value)}
          >
            ${ATTACKS.map(
              (id) =>
                html`<option value=${id} .selected=${id === this.#method}>
                  ${attackMethods.find((one) => one.id === id)?.title}
                </option>`,
            )}
          </select></label
        >
        <label
          >Epsilon
          <input
            type="number"
            min="0.5"
            max="64"
            step="0.5"
            .value=${String(this.#levels)}
            @change=${(event: Event) => {
              this.#levels = Math.min(
                64,
                Math.max(0.5, Number((event.target as HTMLInputElement).value) || 8),
              );
              this.requestUpdate();
            }}
          />/255</label
        >
        ${this.starter('Measure all pairs', () => this.#start())}
        ${
          this.busy
            ? nothing
            : html`<button ?disabled=${!this.lab.answer} @click=${() => this.#showAll()}>
                  Show the result to all
                </button>
                ${this.#rows.length > 0 ? html`<button @click=${() => this.#save()}>CSV</button>` : nothing}`
        }
      </div>
      ${this.banner()} ${this.#shown.length > 0 ? this.#one() : nothing}
      ${this.#rows.length > 0 ? this.#matrix() : nothing} ${this.pictures()}
    `;
  }

  #one(): TemplateResult {
    return html`<h3>The result above, shown to all networks</h3>
      <div class="scroll" tabindex="0" role="region" aria-label="The result shown to all networks">
        <table>
          <thead>
            <tr>
              <th scope="col">Network</th>
              <th scope="col">Original</th>
              <th scope="col">Result</th>
              <th scope="col"></th>
            </tr>
          </thead>
          <tbody>
            ${this.#shown.map(
              ({ title, before, after, fooled }) =>
                html`<tr>
                  <th scope="row">${title}</th>
                  <td>${before}</td>
                  <td>${after}</td>
                  <td>${fooled ? 'fooled' : 'stands'}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`;
  }

  #matrix(): TemplateResult {
    const networks = this.#networks;
    return html`<h3>All pairs</h3>
      <div class="scroll" tabindex="0" role="region" aria-label="Transfer matrix">
        <table class="matrix">
          <thead>
            <tr>
              <th scope="col">Made for ↓ shown to →</th>
              ${networks.map(({ title }) => html`<th scope="col">${title}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${networks.map(
              ({ title }, i) =>
                html`<tr>
                  <th scope="row">${title}</th>
                  ${networks.map((_, j) => this.#cell(this.#rows[i]?.[j], i === j))}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`;
  }

  #cell(cell: TransferCell | undefined, own: boolean): TemplateResult {
    if (!cell) return html`<td class="quiet">…</td>`;
    const { rate, compared, fooled, notes } = cell;
    return html`<td
      class="heat ${own ? 'own' : ''}"
      .style=${`--heat:${rate ?? 0}`}
      title=${`${fooled} of ${compared}. ${notes.join(' ')}`}
    >
      ${rate === undefined ? 'none' : `${Math.round(100 * rate)} %`}
      <span class="sr">${fooled} of ${compared}</span>
    </td>`;
  }
}

define('lab-transfer', LabTransfer);
