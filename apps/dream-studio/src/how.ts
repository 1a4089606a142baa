import { html, nothing, type TemplateResult } from 'lit';
import { presets } from '@convlens/core';
import { parametersOf, readSet, withSet } from './parameters.js';
import { apartLayer, recipeOf } from './recipes.js';
import { thumbnail } from './thumbnail.js';
import type { StudioModel } from './studio-model.js';
import type { StudioState } from './state.js';

/** What is chosen of the way: a studio, or as much of one. */
export type HowParts = Pick<StudioModel, 'choose' | 'network' | 'state'>;

/** The chips of the ways to visualise. */
function chips(model: HowParts): TemplateResult {
  const { network, state } = model;
  const known = network ? presets(network) : [];
  const chosen = known.find(({ id }) => id === state.how) ?? known[0];
  return html`
    <div class="chips" role="group" aria-label="How">
      ${known.map(
        ({ id, title, about }, index) =>
          html`<button
            aria-pressed=${id === chosen?.id}
            title=${about}
            @click=${() => model.choose({ how: id, set: '' })}
          >
            ${thumbnail('preset-pictures.png', index)}${title}
          </button>`,
      )}
    </div>
    <p class="quiet">${chosen?.about}</p>
  `;
}

function numbers(model: HowParts): TemplateResult | typeof nothing {
  const { network, state } = model;
  if (!network) return nothing;
  const { make } = state;
  const apart = apartLayer(state, network);
  let recipe;
  let plain;
  try {
    plain = recipeOf({ ...state, set: '', recipe: '' }, network);
    recipe = withSet(plain, make, state.set, apart);
  } catch {
    return nothing;
  }
  const change = (id: string, text: string): void => {
    const set = new Map(readSet(state.set));
    if (text === '' || !Number.isFinite(Number(text))) set.delete(id);
    else set.set(id, Number(text));
    model.choose({ set: [...set].map(([key, value]) => `${key}:${value}`).join(',') });
  };
  return html`<dl class="numbers">
    ${parametersOf(make, apart).map(
      (parameter) =>
        html`<div>
          <dt><label for="p-${parameter.id}">${parameter.title}</label></dt>
          <dd>
            <input
              id="p-${parameter.id}"
              type="number"
              min=${parameter.low}
              max=${parameter.high}
              step=${parameter.step}
              .value=${String(Number(parameter.read(recipe).toPrecision(6)))}
              @change=${(event: Event) => change(parameter.id, (event.target as HTMLInputElement).value)}
            />
            <span class="quiet"
              >${parameter.about}; default ${Number(parameter.read(plain).toPrecision(6))}</span
            >
          </dd>
        </div>`,
    )}
    <div>
      <dt><label for="p-seed">Seed</label></dt>
      <dd>
        <input
          id="p-seed"
          type="number"
          min="0"
          max="999999"
          step="1"
          .value=${String(state.seed ?? 1)}
          @change=${(event: Event) => model.choose({ seed: Math.max(0, Math.round(Number((event.target as HTMLInputElement).value) || 1)) })}
        />
        <span class="quiet">another noise to start from</span>
      </dd>
    </div>
  </dl>`;
}

function choice<K extends 'sense' | 'start'>(
  model: HowParts,
  key: K,
  label: string,
  options: readonly (readonly [StudioState[K], string])[],
): TemplateResult {
  return html`<label
    >${label}
    <select
      @change=${(event: Event) => model.choose({ [key]: (event.target as HTMLSelectElement).value })}
    >
      ${options.map(
        ([value, title]) =>
          html`<option value=${value} .selected=${model.state[key] === value}>${title}</option>`,
      )}
    </select>
  </label>`;
}

/**
 * How it is made: preset and numbers.
 *
 * @param model what is open
 */
export function how(model: HowParts): TemplateResult {
  const { make, recipe } = model.state;
  if (recipe !== '') {
    return html`<p>A recipe from a file or link is followed as it is.</p>
      <button @click=${() => model.choose({})}>Back to the presets</button>`;
  }
  const optimised = make === 'class' || make === 'unit';
  return html`
    ${optimised ? chips(model) : nothing}
    <details>
      <summary>Numbers</summary>
      ${
        optimised
          ? html`<div class="line">
              ${choice(model, 'start', 'From', [
                ['noise', 'noise'],
                ['grey', 'grey'],
                ['image', 'the image'],
              ])}
              ${choice(model, 'sense', 'Make it', [
                ['more', 'answer more'],
                ['less', 'answer less'],
              ])}
            </div>`
          : nothing
      }
      ${numbers(model)}
    </details>
  `;
}
