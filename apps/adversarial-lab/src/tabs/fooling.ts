import { html, nothing, type TemplateResult } from 'lit';
import { softmax, topClasses } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { writePng } from '@convlens/data/png';
import { define, formatProbability } from '@convlens/elements';
import '@convlens/elements/top-classes.js';
import { saveFile } from '@convlens/elements/save.js';
import type { FoolingRequest } from '@convlens/engine';
import { classSelect } from './class-select.js';
import { LabTab } from './lab-tab.js';

type Way = FoolingRequest['way'];

const WAYS: Readonly<Record<Way, readonly [title: string, steps: number, unit: string]>> = {
  gradient: ['By gradient, from noise', 300, 'steps'],
  evolution: ['By evolution of patterns', 120, 'generations'],
};

interface Found {
  readonly way: Way;
  readonly target: number;
  readonly picture: Pixels;
  readonly logits: Float32Array | undefined;
  readonly words: string;
}

/** Pictures that are nothing, and that the network is sure of. */
class LabFooling extends LabTab {
  #target: number | undefined;
  #found: readonly Found[] = [];

  get #class(): number {
    return this.#target ?? Math.max(0, this.lab.names?.indexOf('goldfish') ?? 0);
  }

  #start(way: Way): void {
    const target = this.#class;
    const { network, session: engine, state } = this.lab;
    if (!network) return;
    const others = this.#found.filter((one) => one.way !== way);
    const show = (found: Found): void => {
      this.#found = [...others, found].sort((a, b) => b.way.localeCompare(a.way));
      this.requestUpdate();
    };
    const [, steps, unit] = WAYS[way];
    void this.task(async (options) => {
      let logits: Float32Array | undefined;
      const answer = await engine.run(
        'fooling',
        { network: network.handle, way, target, steps, seed: state.seed ?? 1 },
        {
          signal: options.signal,
          onProgress: options.onProgress,
          onFrame: ({ picture, logits: said, done = 0 }) => {
            logits = said ?? logits;
            if (picture) show({ way, target, picture, logits, words: `${done} ${unit}` });
          },
        },
      );
      const words = `${answer.steps} ${unit}${answer.reached ? '' : '; 99.6 % was not reached, try another seed'}`;
      show({ way, target, picture: answer.picture, logits: answer.logits, words });
    });
  }

  #save({ way, target, picture }: Found): void {
    const bytes = writePng(picture) as Uint8Array<ArrayBuffer>;
    const name = `fooling-${way}-${this.lab.nameOf(target)}.png`.replaceAll(/[^\w.-]+/g, '-');
    saveFile(new Blob([bytes], { type: 'image/png' }), name);
  }

  protected override render(): TemplateResult {
    return html`
      ${this.about(
        'Pictures that are nothing to us, and that the network takes for a class with more than 99.6 %: a probability is a share among known classes, and not how much a picture looks like one.',
        'fooling-images.html',
      )}
      <div class="row">
        ${classSelect(this.lab, this.#class, (index) => {
          this.#target = index;
          this.requestUpdate();
        })}
        ${
          this.busy
            ? this.starter('', () => undefined)
            : (Object.keys(WAYS) as Way[]).map(
                (way) =>
                  html`<button class="primary" @click=${() => this.#start(way)}>
                    ${WAYS[way][0]}
                  </button>`,
              )
        }
      </div>
      ${this.banner()}
      ${
        this.#found.length === 0
          ? html`<p class="empty">
              Two ways to such a picture: the gradient takes seconds, evolution a minute or two.
            </p>`
          : html`<div class="figures large">
              ${this.#found.map((found) => this.#figure(found))}
            </div>`
      }
    `;
  }

  #figure(found: Found): TemplateResult {
    const { way, target, picture, logits, words } = found;
    const sure = logits ? formatProbability(softmax(logits)[target] ?? 0) : '…';
    return html`<figure>
      <lens-picture
        .pictures=${[picture]}
        label="Fooling image for ${this.lab.nameOf(target)}, ${WAYS[way][0].toLowerCase()}"
      ></lens-picture>
      <figcaption>
        <b>${this.lab.nameOf(target)}: ${sure}</b> <span class="quiet">${words}</span>
      </figcaption>
      ${
        logits
          ? html`<lens-top-classes
              .scores=${topClasses(logits, 3)}
              .names=${this.lab.names}
            ></lens-top-classes>`
          : nothing
      }
      <p><button @click=${() => this.#save(found)}>PNG</button></p>
    </figure>`;
  }
}

define('lab-fooling', LabFooling);
