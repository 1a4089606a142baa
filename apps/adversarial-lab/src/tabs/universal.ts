import { html, nothing, type TemplateResult } from 'lit';
import { topClass } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { writePng } from '@convlens/data/png';
import { define } from '@convlens/elements';
import { saveFile } from '@convlens/elements/save.js';
import type { JobAnswer } from '@convlens/engine';
import { LabTab } from './lab-tab.js';

/** One perturbation for all pictures of a set. */
class LabUniversal extends LabTab {
  #levels = 12;
  #change: Pixels | undefined;
  #answer: JobAnswer<'universal'> | undefined;

  #start(): void {
    void this.task(async (options) => {
      const { network, names, session: engine, state } = this.lab;
      if (!network) return;
      const set = await this.lab.pictures();
      const images = await set.open(engine, names, options.signal);
      this.#answer = undefined;
      this.#answer = await engine.run(
        'universal',
        {
          network: network.handle,
          images,
          norm: 'linf',
          eps: this.#levels / 255,
          seed: state.seed ?? 1,
        },
        {
          signal: options.signal,
          onProgress: options.onProgress,
          onFrame: (frame) => {
            this.#change = frame.picture ?? this.#change;
            this.requestUpdate();
          },
        },
      );
    });
  }

  #save(): void {
    const bytes = writePng(this.#change!) as Uint8Array<ArrayBuffer>;
    const name = `universal-${this.lab.state.network}-${this.#levels}.png`;
    saveFile(new Blob([bytes], { type: 'image/png' }), name);
  }

  protected override render(): TemplateResult {
    const answer = this.#answer;
    const percent = (part: number): string => `${Math.round(100 * part)} %`;
    return html`
      ${this.about(
        'One perturbation that fools on most pictures at once, made picture after picture. Beside it noise of the same size, which hardly harms: it is the direction that counts.',
        'fooling-images.html',
      )}
      <div class="row">
        <label
          >Epsilon
          <input
            type="number"
            min="1"
            max="64"
            step="1"
            .value=${String(this.#levels)}
            @change=${(event: Event) => {
              this.#levels = Math.min(
                64,
                Math.max(1, Number((event.target as HTMLInputElement).value) || 12),
              );
              this.requestUpdate();
            }}
          />/255</label
        >
        ${this.starter('Make it', () => this.#start())}
        ${answer && !this.busy ? html`<button @click=${() => this.#save()}>PNG</button>` : nothing}
      </div>
      ${this.banner()}
      ${
        this.#change
          ? html`<div class="split">
              <figure>
                <lens-picture
                  .pictures=${[this.#change]}
                  label="The perturbation, around mid grey"
                ></lens-picture>
                <figcaption>
                  The perturbation, ${Number((127 / this.#levels).toPrecision(2))} times enlarged
                </figcaption>
              </figure>
              <div>
                ${
                  answer
                    ? html`<h3>
                          It fools on ${percent(answer.success)} of the pictures, noise of its size
                          on ${percent(answer.noise)}
                        </h3>
                        <div class="figures">
                          ${answer.pictures.map(
                            ({ picture, before, after, known }) =>
                              html`<figure>
                                <lens-picture
                                  .pictures=${[picture]}
                                  label="With the perturbation: ${this.lab.nameOf(topClass(after))}"
                                ></lens-picture>
                                <figcaption>
                                  ${this.lab.nameOf(topClass(before))}
                                  ${topClass(after) === topClass(before) ? html`<span class="quiet">stands</span>` : html`→ <b>${this.lab.nameOf(topClass(after))}</b>`}
                                  ${known ? nothing : html`<span class="quiet">(not known before)</span>`}
                                </figcaption>
                              </figure>`,
                          )}
                        </div>`
                    : nothing
                }
              </div>
            </div>`
          : html`<p class="empty">It takes about a minute on one thread.</p>`
      }
      ${this.pictures()}
    `;
  }
}

define('lab-universal', LabUniversal);
