import { html, type TemplateResult } from 'lit';
import type { LabModel } from '../lab-model.js';

/** The classes of a network, in the order of their names. */
export type Classes = Pick<LabModel, 'classes' | 'nameOf'>;

/**
 * A class by its name.
 *
 * @param lab with the open network
 * @param chosen index
 * @param choose given the new one
 */
export function classSelect(
  lab: Classes,
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
