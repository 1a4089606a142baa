import { html, type TemplateResult } from 'lit';
import type { LabModel } from '../lab-model.js';

/**
 * A class by its name.
 *
 * @param lab with the open network
 * @param chosen index
 * @param choose given the new one
 */
export function classSelect(
  lab: LabModel,
  chosen: number,
  choose: (index: number) => void,
): TemplateResult {
  return html`<label
    >Class
    <select @change=${(event: Event) => choose(Number((event.target as HTMLSelectElement).value))}>
      ${lab.classes.map(
        (index) =>
          html`<option value=${index} .selected=${index === chosen}>${lab.nameOf(index)}</option>`,
      )}
    </select></label
  >`;
}
