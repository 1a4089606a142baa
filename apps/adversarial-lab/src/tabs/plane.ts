import { html, type TemplateResult } from 'lit';
import type { DecisionPlane } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { define, formatNumber, type TaskOptions } from '@convlens/elements';
import { colour, PALETTE } from '../palette.js';
import { LabTab } from './lab-tab.js';

/** Places along a side. */
const SIDE = 31;
/** Classes with a colour of their own; all others share one. */
const NAMED = 6;
const OTHER = 6;

/** What the network says on a plane through the original and the result. */
class LabPlane extends LabTab {
  #plane: DecisionPlane | undefined;
  #at: number | undefined;

  protected override async compute(options: TaskOptions): Promise<void> {
    const { session: engine, network, state, attacked: image, result } = this.lab;
    if (!network || !image || !result) return;
    const { handle } = network;
    const request = { network: handle, image, attacked: result, side: SIDE, seed: state.seed ?? 1 };
    this.#plane = (await engine.run('plane', request, options)).plane;
    this.#at = undefined;
  }

  /** Classes by how much of the plane they have. */
  #order({ classes }: DecisionPlane): readonly (readonly [index: number, count: number])[] {
    const counts = new Map<number, number>();
    for (const k of classes) counts.set(k, (counts.get(k) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1]);
  }

  #picture(plane: DecisionPlane, colours: ReadonlyMap<number, number>): Pixels {
    const { side, classes, leads } = plane;
    const reach = [...leads].sort((a, b) => a - b)[Math.floor(0.9 * leads.length)] ?? 1;
    const scale = 1;
    const data = new Uint8ClampedArray(4 * (side * scale) ** 2);
    for (let y = 0; y < side * scale; y++) {
      for (let x = 0; x < side * scale; x++) {
        // Rows go upwards along the random direction.
        const i = (side - 1 - Math.floor(y / scale)) * side + Math.floor(x / scale);
        const [r, g, b] = PALETTE[colours.get(classes[i]!) ?? OTHER]!;
        // Pale where the network is torn between two classes.
        const sure = 0.35 + 0.65 * Math.min(1, leads[i]! / Math.max(reach, 1e-9));
        const mix = (v: number): number => v * sure + 255 * (1 - sure);
        data.set([mix(r), mix(g), mix(b), 255], 4 * (y * side * scale + x));
      }
    }
    return { width: side * scale, height: side * scale, data };
  }

  protected override render(): TemplateResult {
    return html`
      ${this.about(
        'Every point is an image: the original plus so much of the attack (to the right) and so much of a random change of the same length (upwards). Its colour is the class, pale where the network is torn. The attack crosses a border soon; chance hardly ever does.',
        'robustness.html',
      )}
      ${this.banner()} ${this.fresh && this.#plane ? this.#shown(this.#plane) : this.computing()}
    `;
  }

  #shown(plane: DecisionPlane): TemplateResult {
    const order = this.#order(plane);
    const colours = new Map(order.slice(0, NAMED).map(([index], i) => [index, i]));
    const { side, along, across, classes, leads, distance } = plane;
    const place = (value: number, steps: Float64Array): number =>
      (100 * (value - steps[0]!)) / (steps.at(-1)! - steps[0]!);
    const point = (title: string, a: number): TemplateResult =>
      html`<span class="point" .style=${`left:${place(a, along)}%;bottom:${place(0, across)}%`}
        ><span>${title}</span></span
      >`;
    const read = (event: PointerEvent): void => {
      const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
      const cell = (part: number): number =>
        Math.min(side - 1, Math.max(0, Math.floor(part * side)));
      const x = cell((event.clientX - box.left) / box.width);
      const y = cell(1 - (event.clientY - box.top) / box.height);
      this.#at = y * side + x;
      this.requestUpdate();
    };
    const at = this.#at;
    const total = side * side;
    return html`<div class="split surface">
      <div>
        <div class="field" @pointermove=${read}>
          <lens-picture
            crisp
            .pictures=${[this.#picture(plane, colours)]}
            label="Classes on the plane: ${order
              .slice(0, 3)
              .map(
                ([index, count]) =>
                  `${this.lab.nameOf(index)} ${Math.round((100 * count) / total)} %`,
              )
              .join(', ')}"
          ></lens-picture>
          ${point('original', 0)} ${point('result', 1)}
        </div>
        <p class="axis quiet">along the attack →</p>
      </div>
      <div>
        <ul class="key" aria-label="Classes">
          ${order.slice(0, NAMED).map(
            ([index, count], i) =>
              html`<li>
                <span class="swatch" .style=${`background:${colour(i)}`}></span
                >${this.lab.nameOf(index)}
                <span class="quiet">${Math.round((100 * count) / total)} %</span>
              </li>`,
          )}
          ${
            order.length > NAMED
              ? html`<li>
                  <span class="swatch" .style=${`background:${colour(OTHER)}`}></span>
                  ${order.length - NAMED} others
                </li>`
              : ''
          }
        </ul>
        <p class="quiet">
          The two images are ${formatNumber(distance)} apart (L2); the side is three times that.
        </p>
        <p class="quiet" aria-live="off">
          ${
            at === undefined
              ? 'Point at a place to read it.'
              : `Here: ${this.lab.nameOf(classes[at]!)}, ahead of the second by ${formatNumber(leads[at]!)}; ` +
                `${formatNumber(along[at % side]!)} of the attack, ${formatNumber(across[Math.floor(at / side)]!)} of chance.`
          }
        </p>
      </div>
    </div>`;
  }
}

define('lab-plane', LabPlane);
