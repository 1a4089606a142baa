import { html, nothing, type TemplateResult } from 'lit';
import { defences } from '@convlens/core';
import { define } from '@convlens/elements';
import { saveFile } from '@convlens/elements/save.js';
import type { DefencePoint } from '@convlens/engine';
import { csv } from '../csv.js';
import '../lines.js';
import { colour } from '../palette.js';
import { DEFENCE_WORDS } from '../presets.js';
import { LabTab } from './lab-tab.js';

/** Strengths of each defence, from the gentlest on. */
const STRENGTHS: Readonly<Record<string, readonly number[]>> = {
  jpeg: [90, 70, 50, 30],
  'bit-depth': [6, 5, 4, 3],
  blur: [0.5, 1, 1.5, 2],
  median: [3, 5],
  tv: [0.02, 0.05, 0.1, 0.2],
  'random-resize': [0.9, 0.8, 0.6],
};

/** What a defence is worth: against an attack that does not know of it, and against one that does. */
class LabDefences extends LabTab {
  #defence = 'blur';
  #levels = 4;
  #points: readonly DefencePoint[] = [];
  #bare: number | undefined;
  #of = '';

  #start(): void {
    void this.task(async (options) => {
      const { network, names, session: engine } = this.lab;
      if (!network) return;
      const set = await this.lab.pictures();
      const images = await set.open(engine, names, options.signal);
      this.#points = [];
      this.#bare = undefined;
      this.#of = this.#defence;
      const { points, bare } = await engine.run(
        'defence',
        {
          network: network.handle,
          images,
          method: 'pgd',
          settings: { eps: this.#levels / 255, steps: 10 },
          defence: this.#defence,
          strengths: STRENGTHS[this.#defence] ?? [],
          seed: this.lab.state.seed ?? 1,
        },
        {
          signal: options.signal,
          onProgress: options.onProgress,
          onFrame: (frame) => {
            this.#points = frame.points ?? this.#points;
            this.requestUpdate();
          },
        },
      );
      this.#points = points;
      this.#bare = bare;
    });
  }

  #save(): void {
    const rows = this.#points.map(({ strength, accuracy, plain, adaptive }) => [
      this.#of,
      strength,
      accuracy,
      plain,
      adaptive,
    ]);
    const head = [
      'defence',
      'strength',
      'accuracy',
      'success of the plain attack',
      'success of the adaptive attack',
    ];
    saveFile(new Blob([csv([head, ...rows])], { type: 'text/csv' }), `defence-${this.#of}.csv`);
  }

  protected override render(): TemplateResult {
    return html`
      ${this.about(
        'How often PGD succeeds when it does not know of the defence (plain), and when it goes through it (adaptive). A defence that only stops the plain attack stops nothing.',
        'defences.html',
      )}
      <div class="row">
        <label
          >Defence
          <select
            @change=${(event: Event) => {
              this.#defence = (event.target as HTMLSelectElement).value;
              this.requestUpdate();
            }}
          >
            ${defences.map(
              ({ id, title }) =>
                html`<option value=${id} .selected=${id === this.#defence}>${title}</option>`,
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
                Math.max(0.5, Number((event.target as HTMLInputElement).value) || 4),
              );
              this.requestUpdate();
            }}
          />/255</label
        >
        ${this.starter('Measure', () => this.#start())}
        ${this.#bare !== undefined && !this.busy ? html`<button @click=${() => this.#save()}>CSV</button>` : nothing}
      </div>
      <p class="quiet">${DEFENCE_WORDS[this.#defence]}</p>
      ${this.banner()} ${this.#points.length > 0 ? this.#shown() : nothing} ${this.pictures()}
    `;
  }

  #shown(): TemplateResult {
    const of = defences.find(({ id }) => id === this.#of);
    const points = this.#points;
    const percent = (part: number): string => `${Math.round(100 * part)} %`;
    const lines = [
      ['Plain attack succeeds', 'plain', colour(0), '8 4'],
      ['Adaptive attack succeeds', 'adaptive', colour(1), ''],
      ['Right without an attack', 'accuracy', colour(2), '2 4'],
    ] as const;
    return html`<lab-lines
        .lines=${lines.map(([title, key, stroke, dash]) => ({
          title,
          colour: stroke,
          dash,
          points: points.map((point) => [point.strength, point[key]] as const),
        }))}
        .ticks=${(STRENGTHS[this.#of] ?? []).map((strength) => [strength, String(strength)] as const)}
        axis=${of?.strength.title.toLowerCase() ?? ''}
        label="Success against ${of?.title ?? ''}: ${points.map((point) => `${point.strength}: plain ${percent(point.plain)}, adaptive ${percent(point.adaptive)}`).join('; ')}"
      ></lab-lines>
      <div class="scroll" tabindex="0" role="region" aria-label="Numbers of the defence">
        <table>
          <thead>
            <tr>
              <th scope="col">${of?.strength.title}</th>
              ${points.map(({ strength }) => html`<th scope="col" class="n">${strength}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${lines.map(
              ([title, key]) =>
                html`<tr>
                  <th scope="row">${title}</th>
                  ${points.map((point) => html`<td class="n">${percent(point[key])}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      ${this.#bare === undefined ? nothing : html`<p class="quiet">On the bare network the attack succeeds on ${percent(this.#bare)}.</p>`}`;
  }
}

define('lab-defences', LabDefences);
