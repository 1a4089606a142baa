import { html, nothing, type TemplateResult } from 'lit';
import { attackMethods, type RobustnessCurve } from '@convlens/core';
import { define } from '@convlens/elements';
import { saveFile } from '@convlens/elements/save.js';
import { csv } from '../csv.js';
import '../lines.js';
import { greyLevels } from '../parameters.js';
import { colour } from '../palette.js';
import { LabTab } from './lab-tab.js';

const EPSILONS = [1, 2, 4, 8, 16].map((levels) => levels / 255);
/** Attacks to choose from, with what makes a curve of them in reasonable time, and the dash of their lines. */
const ATTACKS = [
  { method: 'fgsm', settings: {}, dash: '2 4', note: '' },
  { method: 'pgd', settings: { steps: 10 }, dash: '', note: ', 10 steps' },
  { method: 'apgd', settings: { steps: 20 }, dash: '8 4', note: ', 20 steps' },
  { method: 'square', settings: { queries: 300 }, dash: '8 4 2 4', note: ', 300 queries, slow' },
] as const;

interface Drawn {
  readonly network: string;
  readonly title: string;
  readonly curves: readonly RobustnessCurve[];
}

const titleOf = (method: string): string =>
  attackMethods.find(({ id }) => id === method)?.title ?? method;

/** Accuracy over epsilon, for several attacks and networks. */
class LabCurve extends LabTab {
  #networks: readonly string[] | undefined;
  #attacks: readonly string[] = ['fgsm', 'pgd'];
  #drawn: readonly Drawn[] = [];

  /** The open network, and the robust one beside it. */
  get #chosen(): readonly string[] {
    const own = this.lab.state.network;
    const robust = this.lab.networks.entries.find(({ id }) => id.endsWith('robust'))?.id;
    return this.#networks ?? [...new Set([own, ...(robust ? [robust] : [])])];
  }

  #start(): void {
    const attacks = ATTACKS.filter(({ method }) => this.#attacks.includes(method));
    const networks = this.#chosen;
    void this.task(async (options) => {
      this.#drawn = [];
      const set = await this.lab.pictures();
      for (const [at, id] of networks.entries()) {
        const network = await this.lab.opened(id, options);
        const images = await set.open(this.lab.session, network.classes, options.signal);
        const show = (curves: readonly RobustnessCurve[]): void => {
          this.#drawn = [
            ...this.#drawn.slice(0, at),
            { network: id, title: network.title, curves },
          ];
        };
        const { curves } = await this.lab.session.run(
          'curve',
          {
            network: network.handle,
            images,
            attacks: attacks.map(({ method, settings }) => ({ method, settings })),
            epsilons: EPSILONS,
            seed: this.lab.state.seed ?? 1,
          },
          {
            signal: options.signal,
            onFrame: ({ curves }) => {
              if (curves) show(curves);
            },
            onProgress: (progress) => {
              const { loaded = 0, total = 1 } = progress;
              const all = total * networks.length;
              options.onProgress({
                ...progress,
                what: 'points',
                loaded: at * total + loaded,
                total: all,
              });
            },
          },
        );
        show(curves);
      }
    });
  }

  #save(): void {
    const rows = this.#drawn.flatMap(({ title, curves }) =>
      curves.flatMap(({ method, settings, points, queries }) =>
        points.map(({ eps, accuracy, success }) => [
          title,
          titleOf(method),
          Object.entries(settings)
            .map((pair) => pair.join('='))
            .join(' '),
          eps,
          accuracy,
          success,
          queries.gradient,
          queries.forward,
        ]),
      ),
    );
    const head = [
      'network',
      'attack',
      'settings',
      'epsilon',
      'accuracy',
      'success',
      'gradients',
      'answers',
    ];
    saveFile(new Blob([csv([head, ...rows])], { type: 'text/csv' }), 'robustness-curve.csv');
  }

  #boxes<T extends string>(
    legend: string,
    choices: readonly (readonly [T, string])[],
    chosen: readonly string[],
    choose: (next: readonly string[]) => void,
  ): TemplateResult {
    return html`<div class="row" role="group" aria-label=${legend}>
      ${choices.map(
        ([value, title]) =>
          html`<label
            ><input
              type="checkbox"
              .checked=${chosen.includes(value)}
              @change=${(event: Event) => {
                const on = (event.target as HTMLInputElement).checked;
                choose(on ? [...chosen, value] : chosen.filter((one) => one !== value));
                this.requestUpdate();
              }}
            />${title}</label
          >`,
      )}
    </div>`;
  }

  protected override render(): TemplateResult {
    const networks = this.lab.networks.options.map(({ id, title }) => [id, title] as const);
    const ready = this.#chosen.length > 0 && this.#attacks.length > 0;
    return html`
      ${this.about(
        'Which part of the pictures a network still knows as the attack may do more. A robust network falls late; where all attacks fail and more steps help nothing, be suspicious rather than glad.',
        'robustness.html',
      )}
      ${this.#boxes('Networks', networks, this.#chosen, (next) => (this.#networks = next))}
      ${this.#boxes(
        'Attacks',
        ATTACKS.map(({ method, note }) => [method, titleOf(method) + note] as const),
        this.#attacks,
        (next) => (this.#attacks = next),
      )}
      <p class="row">
        ${ready || this.busy ? this.starter('Measure', () => this.#start()) : html`<span class="quiet">Choose a network and an attack.</span>`}
        ${this.#drawn.length > 0 && !this.busy ? html`<button @click=${() => this.#save()}>CSV</button>` : nothing}
      </p>
      ${this.banner()} ${this.#drawn.length > 0 ? this.#chart() : nothing} ${this.pictures()}
    `;
  }

  #chart(): TemplateResult {
    const lines = this.#drawn.flatMap(({ network, title, curves }) =>
      curves.map(({ method, points }) => ({
        title: `${title}, ${titleOf(method)}`,
        colour: colour(
          Math.max(
            0,
            this.lab.networks.options.findIndex(({ id }) => id === network),
          ),
        ),
        dash: ATTACKS.find((one) => one.method === method)?.dash ?? '',
        points: points.map(({ eps, accuracy }) => [eps, accuracy] as const),
      })),
    );
    const ticks = [0, ...EPSILONS].map((eps) => [eps, eps === 0 ? '0' : greyLevels(eps)] as const);
    const words = lines
      .map(
        ({ title, points }) =>
          `${title}: ${Math.round(100 * (points.at(-1)?.[1] ?? 0))} % at the end`,
      )
      .join('; ');
    return html`<lab-lines
        .lines=${lines}
        .ticks=${ticks}
        axis="epsilon, largest change of a value"
        label="Accuracy over epsilon. ${words}"
      ></lab-lines>
      <div class="scroll" tabindex="0" role="region" aria-label="Numbers of the curves">
        <table>
          <thead>
            <tr>
              <th scope="col">Accuracy</th>
              ${ticks.map(([, title]) => html`<th scope="col" class="n">${title}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${lines.map(
              ({ title, points }) =>
                html`<tr>
                  <th scope="row">${title}</th>
                  ${points.map(([, part]) => html`<td class="n">${Math.round(100 * part)} %</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`;
  }
}

define('lab-curve', LabCurve);
