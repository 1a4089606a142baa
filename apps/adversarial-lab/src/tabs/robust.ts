import { html, nothing, type TemplateResult } from 'lit';
import { classGoal, presets, topClass, visualizeRecipe } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { define } from '@convlens/elements';
import type { NetworkSummary } from '@convlens/engine';
import { attributionPicture } from '../attribution.js';
import { LabTab } from './lab-tab.js';

/** Steps of a class picture: enough to see what it becomes. */
const STEPS = 96;

interface Column {
  readonly title: string;
  readonly about: string;
  readonly answer: string;
  readonly gradient: Pixels | undefined;
  readonly dream: Pixels | undefined;
}

/** The standard and the adversarially trained network: how differently their gradients and class pictures look. */
class LabRobust extends LabTab {
  #columns: readonly Column[] = [];
  #of = '';

  get #pair(): readonly string[] {
    const robust = this.lab.networks.entries.find(({ id }) => id.endsWith('robust'))?.id;
    const standard = robust?.replace(/-robust$/, '');
    return robust && this.lab.networks.entries.some(({ id }) => id === standard)
      ? [standard!, robust]
      : [];
  }

  #start(): void {
    const pair = this.#pair;
    const { original } = this.lab;
    if (!original) return;
    const index = topClass(original.logits);
    this.#of = `${this.lab.imageTitle} and ${this.lab.nameOf(index)}`;
    void this.task(async (options) => {
      this.#columns = [];
      for (const [at, id] of pair.entries()) {
        const network = await this.lab.opened(id, options);
        const show = (part: Partial<Column>): void => {
          const { about = '' } = this.lab.networks.entries.find((one) => one.id === id) ?? {};
          const empty = { gradient: undefined, dream: undefined, answer: '' };
          const before = this.#columns[at] ?? { ...empty, title: network.title, about };
          this.#columns = [...this.#columns.slice(0, at), { ...before, ...part }];
          this.requestUpdate();
        };
        const { session: engine, attacked: image } = this.lab;
        if (!image) return;
        const { handle } = network;
        const seen = await engine.run(
          'activations',
          { network: handle, image, layers: [], scores: true },
          options,
        );
        const best = topClass(seen.logits ?? []);
        show({ answer: network.classes?.[best] ?? `class ${best}` });
        const target = { kind: 'class', index: best } as const;
        const { map } = await engine.run(
          'attribution',
          { network: handle, image, target, method: 'saliency' },
          options,
        );
        show({ gradient: attributionPicture(map) });
        await this.#dream(network, index, at, pair.length, options, (dream) => show({ dream }));
      }
    });
  }

  async #dream(
    summary: NetworkSummary,
    index: number,
    at: number,
    count: number,
    options: Parameters<Parameters<LabRobust['task']>[0]>[0],
    show: (picture: Pixels) => void,
  ): Promise<void> {
    const [preset] = presets(summary);
    const recipe = { ...visualizeRecipe(summary.id, [classGoal(index)], preset!, 1), steps: STEPS };
    const { frame } = await this.lab.session.run(
      'recipe',
      { network: summary.handle, recipe },
      {
        signal: options.signal,
        onFrame: ({ pictures: [picture] }) => {
          if (picture) show(picture);
        },
        onProgress: (progress) => {
          const { loaded = 0 } = progress;
          options.onProgress({
            ...progress,
            what: 'steps',
            loaded: at * STEPS + loaded,
            total: count * STEPS,
          });
        },
      },
    );
    show(frame.pictures[0]!);
  }

  protected override render(): TemplateResult {
    const pair = this.#pair;
    return html`
      ${this.about(
        'The same network twice: trained as usual, and trained on attacked pictures. What the robust one looks at follows the thing in the picture, and what it wants to see looks like its class.',
        'robustness.html',
      )}
      ${
        pair.length === 0
          ? html`<p class="empty">There is no pair of a standard and a robust network here.</p>`
          : html`<p class="row">
              ${this.starter('Compare', () => this.#start())}
              ${
                this.busy
                  ? nothing
                  : html`<button @click=${() => this.lab.show('curve')}>
                      Their robustness curves
                    </button>`
              }
            </p>`
      }
      ${this.banner()}
      ${
        this.#columns.length > 0
          ? html`<h3>${this.#of}</h3>
              <div class="columns">${this.#columns.map((column) => this.#column(column))}</div>`
          : html`<p class="empty">
              Both are shown this picture, and asked for what they take for its class.
            </p>`
      }
    `;
  }

  #column({ title, about, answer, gradient, dream }: Column): TemplateResult {
    const figure = (picture: Pixels | undefined, words: string): TemplateResult =>
      html`<figure>
        <lens-picture
          .pictures=${picture ? [picture] : []}
          label="${title}: ${words}"
        ></lens-picture>
        <figcaption>${words}</figcaption>
      </figure>`;
    return html`<section aria-label=${title}>
      <p><b>${title}</b> <span class="quiet">says ${answer}</span></p>
      <p class="quiet">${about}</p>
      <div class="two">
        ${figure(gradient, 'which pixels drive the answer')}
        ${figure(dream, 'what it wants to see')}
      </div>
    </section>`;
  }
}

define('lab-robust', LabRobust);
