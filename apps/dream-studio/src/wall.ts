import { html, type TemplateResult } from 'lit';
import type { UnitSelectEvent } from '@convlens/elements';
import type { Sheet } from './sheet.js';
import type { StudioModel } from './studio-model.js';

/** Whose units are shown: a studio, or as much of one. */
export type WallParts = Pick<
  StudioModel,
  'choose' | 'closeSheet' | 'imageTitle' | 'network' | 'openSheet'
>;

/**
 * All units of a layer as small pictures.
 *
 * @param model what is open
 * @param sheet the wall
 */
export function wall(model: WallParts, sheet: Sheet): TemplateResult {
  const [, height = 64, width = 64] = model.network?.input.shape ?? [];
  const paint = (unit: number, picture: ImageData): void => {
    const made = sheet.pictures.get(unit);
    if (made) picture.data.set(made.data);
    else picture.data.fill(128).forEach((_, i, data) => i % 4 === 3 && (data[i] = 40));
  };
  const select = ({ unit }: UnitSelectEvent): void => {
    if (unit === undefined) return;
    model.closeSheet();
    model.choose({ make: 'unit', layer: sheet.layer, channel: unit });
  };
  return html`
    <div class="wallhead">
      <p>
        <b>${sheet.layer}</b> ${sheet.done} of ${sheet.units.length} units, those that answer most
        to ${model.imageTitle} first
      </p>
      ${
        sheet.busy
          ? html`<button @click=${() => sheet.stop()}>Stop</button>`
          : sheet.done < sheet.units.length
            ? html`<button @click=${() => model.openSheet()}>Go on</button>`
            : ''
      }
      <button @click=${() => model.closeSheet()}>Close</button>
    </div>
    <progress max=${sheet.units.length} .value=${sheet.done} aria-label="Units done"></progress>
    <lens-tile-grid
      label="Units of ${sheet.layer}"
      smooth
      .units=${sheet.units}
      .paint=${paint}
      .tileWidth=${width}
      .tileHeight=${height}
      .gap=${4}
      .smooth=${true}
      .revision=${sheet.revision}
      .describe=${(unit: number) => `Channel ${unit}${sheet.pictures.has(unit) ? '' : ', not made yet'}`}
      @lens-unit-select=${select}
    ></lens-tile-grid>
  `;
}
