import { html, type TemplateResult } from 'lit';
import { attributionDescriptions, topClass, type AttributionMethod } from '@convlens/core';
import { sequential, type Pixels } from '@convlens/data';
import { define, type TaskOptions } from '@convlens/elements';
import '@convlens/elements/legend.js';
import { attributionPicture } from '../attribution.js';
import { LabTab } from './lab-tab.js';

const METHODS: readonly AttributionMethod[] = ['saliency', 'gradcam'];

interface Cell {
  readonly title: string;
  readonly picture: Pixels;
}

/** What drove the answer before, and what drives it now. */
class LabLook extends LabTab {
  #rows: readonly (readonly Cell[])[] = [];

  protected override async compute({ signal }: TaskOptions): Promise<void> {
    const { session: engine, network, answer, attacked: image, result } = this.lab;
    if (!network || !answer || !image || !result) return;
    const best = topClass(answer.file.logits);
    // Of the result both are asked: what speaks for the new class, and what still speaks for the old one.
    const wanted = [
      ['Original', image, answer.label],
      ['Result', result, best],
      ...(best === answer.label ? [] : [['Result', result, answer.label] as const]),
    ] as const;
    const rows: Cell[][] = [];
    for (const method of METHODS) {
      const row: Cell[] = [];
      for (const [title, shown, index] of wanted) {
        const target = { kind: 'class', index } as const;
        const request = { network: network.handle, image: shown, target, method };
        const { map } = await engine.run('attribution', request, { signal });
        row.push({
          title: `${title}: ${this.lab.nameOf(index)}`,
          picture: attributionPicture(map),
        });
      }
      rows.push(row);
    }
    this.#rows = rows;
  }

  protected override render(): TemplateResult {
    return html`
      ${this.about(
        'Which pixels drive a class: in the original what the network saw, in the result what it takes for something else, and what is left of the first. Each picture has its own scale, from nothing to its most.',
        'attribution.html',
      )}
      ${this.banner()} ${this.fresh ? this.#shown() : this.computing()}
    `;
  }

  #shown(): TemplateResult {
    return html`
      ${this.#rows.map(
        (row, i) =>
          html`<h3>${attributionDescriptions[METHODS[i]!].title}</h3>
            <div class="figures wide">
              ${row.map(
                ({ title, picture }) =>
                  html`<figure>
                    <lens-picture
                      .pictures=${[picture]}
                      label="${attributionDescriptions[METHODS[i]!].title} of ${title}"
                    ></lens-picture>
                    <figcaption>${title}</figcaption>
                  </figure>`,
              )}
            </div>`,
      )}
      <p class="row"><lens-legend .table=${sequential} note="nothing | most"></lens-legend></p>
    `;
  }
}

define('lab-look', LabLook);
