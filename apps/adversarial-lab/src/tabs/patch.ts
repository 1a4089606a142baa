import { html, nothing, type TemplateResult } from 'lit';
import type { PatchShape } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { writePng } from '@convlens/data/png';
import { define } from '@convlens/elements';
import { saveFile } from '@convlens/elements/save.js';
import type { JobAnswer } from '@convlens/engine';
import { classSelect } from './class-select.js';
import { LabTab } from './lab-tab.js';

/** A patch to print, that is taken for a class wherever it lies. */
class LabPatch extends LabTab {
  #target: number | undefined;
  #shape: PatchShape = 'round';
  /** Diameter in parts of the image's side, and turn in degrees. */
  #size = 0.5;
  #turn = 22.5;
  #patch: Pixels | undefined;
  #made = 0;
  #answer: JobAnswer<'patch'> | undefined;

  get #class(): number {
    return this.#target ?? Math.max(0, this.lab.names?.indexOf('goldfish') ?? 0);
  }

  #start(): void {
    void this.task(async (options) => {
      const { network, names, session: engine, state } = this.lab;
      if (!network) return;
      const set = await this.lab.pictures();
      const images = await set.open(engine, names, options.signal);
      this.#answer = undefined;
      this.#made = this.#class;
      this.#answer = await engine.run(
        'patch',
        {
          network: network.handle,
          images,
          target: this.#class,
          shape: this.#shape,
          scale: [0.8 * this.#size, Math.min(1, 1.2 * this.#size)],
          rotation: this.#turn,
          steps: 100,
          seed: state.seed ?? 1,
        },
        {
          signal: options.signal,
          onProgress: options.onProgress,
          onFrame: (frame) => {
            this.#patch = frame.picture ?? this.#patch;
            this.requestUpdate();
          },
        },
      );
      this.#patch = this.#answer.print;
    });
  }

  #save(): void {
    const bytes = writePng(this.#answer!.print) as Uint8Array<ArrayBuffer>;
    const name = `patch-${this.lab.nameOf(this.#made)}.png`.replaceAll(/[^\w.-]+/g, '-');
    saveFile(new Blob([bytes], { type: 'image/png' }), name);
  }

  #number(
    title: string,
    unit: string,
    value: number,
    [low, high, step]: readonly [number, number, number],
    set: (value: number) => void,
  ): TemplateResult {
    return html`<label
      >${title}
      <input
        type="number"
        min=${low}
        max=${high}
        step=${step}
        .value=${String(value)}
        @change=${(event: Event) => {
          const given = Number((event.target as HTMLInputElement).value);
          set(Math.min(high, Math.max(low, Number.isFinite(given) ? given : value)));
          this.requestUpdate();
        }}
      />${unit}</label
    >`;
  }

  protected override render(): TemplateResult {
    const answer = this.#answer;
    return html`
      ${this.about(
        'A picture to print and lay beside things: trained over random places, sizes and turns to be taken for a class, whatever else is there.',
        'adversarial-patches.html',
      )}
      <div class="row">
        ${classSelect(this.lab, this.#class, (index) => {
          this.#target = index;
          this.requestUpdate();
        })}
        <label
          >Shape
          <select
            @change=${(event: Event) => (this.#shape = (event.target as HTMLSelectElement).value as PatchShape)}
          >
            <option value="round" .selected=${this.#shape === 'round'}>round</option>
            <option value="square" .selected=${this.#shape === 'square'}>square</option>
          </select></label
        >
        ${this.#number('Size', '% of the side', Math.round(100 * this.#size), [10, 90, 5], (v) => (this.#size = v / 100))}
        ${this.#number('Turn', '° to either side', this.#turn, [0, 180, 2.5], (v) => (this.#turn = v))}
        ${this.starter('Train it', () => this.#start())}
        ${answer && !this.busy ? html`<button @click=${() => this.#save()}>PNG to print</button>` : nothing}
      </div>
      ${this.banner()}
      ${
        this.#patch
          ? html`<div class="split">
              <figure>
                <lens-picture .pictures=${[this.#patch]} label="The patch"></lens-picture>
                <figcaption>
                  The patch for <b>${this.lab.nameOf(this.#made)}</b>, 1,024 pixels to print
                </figcaption>
              </figure>
              <div>
                ${
                  answer
                    ? html`<h3>
                          Taken for ${this.lab.nameOf(this.#made)} at ${answer.reached} of
                          ${answer.tried} places, sizes and turns that it was not trained with
                        </h3>
                        <div class="figures">
                          ${answer.examples.map(
                            ({ picture, answer: best }) =>
                              html`<figure>
                                <lens-picture
                                  .pictures=${[picture]}
                                  label="With the patch: ${this.lab.nameOf(best)}"
                                ></lens-picture>
                                <figcaption>
                                  ${best === this.#made ? html`<b>${this.lab.nameOf(best)}</b>` : this.lab.nameOf(best)}
                                </figcaption>
                              </figure>`,
                          )}
                        </div>`
                    : nothing
                }
              </div>
            </div>`
          : html`<p class="empty">Training takes about a minute on one thread.</p>`
      }
      ${this.pictures()}
    `;
  }
}

define('lab-patch', LabPatch);
