import { html, nothing, type TemplateResult } from 'lit';
import { formatShape } from '@convlens/elements';
import { thumbnail } from './thumbnail.js';
import type { StudioModel } from './studio-model.js';
import { TECHNIQUES, type Technique } from './state.js';

/** What is chosen to be made, and from what: a studio, or as much of one. */
export type WhatParts = Pick<
  StudioModel,
  | 'choose'
  | 'chooseGuide'
  | 'layer'
  | 'names'
  | 'network'
  | 'networks'
  | 'openSheet'
  | 'samples'
  | 'state'
>;

const WORDS: Readonly<Record<Technique, readonly [title: string, sentence: string]>> = {
  class: ['Class', 'The picture that the network takes for a class most of all.'],
  unit: ['Unit', 'The picture that one channel of a layer, or the whole layer, answers to most.'],
  dream: ['DeepDream', 'Your image, with more and more of what a layer sees in it.'],
  rebuild: [
    'Rebuild',
    'Your image, rebuilt from nothing but what a layer says to it: what the layer still knows.',
  ],
  restarts: [
    'From noise',
    'A class, rebuilt through its probability alone, several times: sure for the network, noise for us.',
  ],
};

/** The page about a technique. */
const PAGES: Readonly<Record<Technique, string>> = {
  class: 'visualisation.html',
  unit: 'visualisation.html',
  dream: 'deepdream.html',
  rebuild: 'inversion.html',
  restarts: 'visualisation.html#from-noise',
};

function classes(model: WhatParts, filter: string, type: (text: string) => void): TemplateResult {
  const { names, network, state } = model;
  const count = network?.logits?.classes ?? 0;
  // The sheet holds the classes of the networks in the box.
  const drawn = model.networks.entries.some(({ id }) => id === state.network);
  const wanted = filter.trim().toLowerCase();
  const found = Array.from({ length: count }, (_, index) => ({
    index,
    name: names?.[index] ?? `class ${index}`,
  }))
    .filter(({ name }) => name.toLowerCase().includes(wanted))
    .slice(0, 200);
  return html`
    <input
      type="search"
      aria-label="Search a class"
      placeholder="Search ${count} classes"
      .value=${filter}
      @input=${(event: Event) => type((event.target as HTMLInputElement).value)}
    />
    <ul class="classes" aria-label="Classes">
      ${found.map(
        ({ index, name }) =>
          html`<li>
            <button
              class="plain"
              aria-pressed=${index === state.target}
              @click=${() => model.choose({ target: index })}
            >
              ${drawn ? thumbnail('class-pictures.png', index) : nothing}${name}
            </button>
          </li>`,
      )}
      ${found.length === 0 ? html`<li class="quiet">No class is called so.</li>` : nothing}
    </ul>
  `;
}

function layers(model: WhatParts): TemplateResult {
  return html`<div class="layers">
    <lens-spine .layers=${model.network?.layers ?? []} .selected=${model.state.layer}></lens-spine>
  </div>`;
}

function unit(model: WhatParts): TemplateResult {
  const { layer, state } = model;
  const units = layer?.shape[0] ?? 0;
  const change = (event: Event): void => {
    const text = (event.target as HTMLInputElement).value;
    const channel = Math.min(units - 1, Math.max(0, Math.round(Number(text))));
    model.choose({ channel: text === '' ? undefined : channel });
  };
  return html`
    <p class="quiet">${layer ? html`<b>${layer.id}</b> ${formatShape(layer.shape)}` : nothing}</p>
    <div class="line">
      <label
        >Channel
        <input
          type="number"
          min="0"
          max=${units - 1}
          placeholder="all"
          .value=${state.channel === undefined ? '' : String(state.channel)}
          @change=${change}
        />
      </label>
      <button @click=${() => model.openSheet()}>All ${units} units</button>
    </div>
    ${
      state.channel === undefined
        ? nothing
        : html`<label class="line"
              >Where
              <select
                @change=${(event: Event) => model.choose({ place: (event.target as HTMLSelectElement).value as 'map' })}
              >
                <option value="map" .selected=${state.place === 'map'}>the whole map</option>
                <option value="centre" .selected=${state.place === 'centre'}>
                  its centre alone
                </option>
              </select>
            </label>
            ${second(model, units)}`
    }
  `;
}

/** Another unit or class, added or taken away. */
function second(model: WhatParts, most: number): TemplateResult {
  const { state, names } = model;
  const change = (event: Event): void => {
    const { value } = event.target as HTMLInputElement;
    const chosen = Math.min(most - 1, Math.max(0, Math.round(Number(value))));
    model.choose({ second: value === '' ? undefined : chosen });
  };
  const current = state.second === undefined ? '' : String(state.second);
  return html`<div class="line">
    <select
      aria-label="Joined by"
      @change=${(event: Event) => model.choose({ joined: (event.target as HTMLSelectElement).value as 'plus' })}
    >
      <option value="plus" .selected=${state.joined === 'plus'}>plus</option>
      <option value="minus" .selected=${state.joined === 'minus'}>minus</option>
    </select>
    ${
      state.make === 'class'
        ? html`<select aria-label="Second class" @change=${change}>
            <option value="">nothing else</option>
            ${(names ?? []).map(
              (name, index) =>
                html`<option value=${index} .selected=${index === state.second}>${name}</option>`,
            )}
          </select>`
        : html`<input
            type="number"
            aria-label="Second channel"
            min="0"
            max=${most - 1}
            placeholder="nothing"
            .value=${current}
            @change=${change}
          />`
    }
  </div>`;
}

/** A second layer to dream of. */
function also(model: WhatParts): TemplateResult {
  const maps = (model.network?.layers ?? []).filter(
    ({ main, shape }) => main && shape.length === 3,
  );
  return html`<label class="line"
    >Together with
    <select
      @change=${(event: Event) => model.choose({ also: (event.target as HTMLSelectElement).value })}
    >
      <option value="" .selected=${model.state.also === ''}>nothing</option>
      ${maps.map(({ id }) => html`<option value=${id} .selected=${id === model.state.also}>${id}</option>`)}
    </select>
  </label>`;
}

function guide(model: WhatParts): TemplateResult {
  return html`<label class="line"
    >Guided by
    <select
      @change=${(event: Event) => model.chooseGuide((event.target as HTMLSelectElement).value)}
    >
      <option value="" .selected=${model.state.guide === ''}>nothing</option>
      ${model.samples.map(
        ({ id, title }) =>
          html`<option value=${id} .selected=${id === model.state.guide}>${title}</option>`,
      )}
    </select>
  </label>`;
}

/**
 * What is made: technique, and its class, unit or layer.
 *
 * @param model what is open
 * @param filter what was typed into the search
 * @param type called when something is typed
 * @param page address of a page about a technique
 */
export function what(
  model: WhatParts,
  filter: string,
  type: (text: string) => void,
  page: (file: string) => string,
): TemplateResult {
  const { make } = model.state;
  const hasClasses = model.network?.logits !== undefined;
  const offered = TECHNIQUES.filter((one) => hasClasses || (one !== 'class' && one !== 'restarts'));
  return html`
    <div class="tabs" role="group" aria-label="What to make">
      ${offered.map(
        (one) =>
          html`<button aria-pressed=${one === make} @click=${() => model.choose({ make: one })}>
            ${WORDS[one][0]}
          </button>`,
      )}
    </div>
    <p class="quiet">
      ${WORDS[make][1]}
      <a href=${page(PAGES[make])} target="_blank" rel="noopener">More</a>
    </p>
    ${make === 'class' || make === 'restarts' ? classes(model, filter, type) : layers(model)}
    ${make === 'class' ? second(model, model.network?.logits?.classes ?? 0) : nothing}
    ${make === 'unit' ? unit(model) : nothing}
    ${make === 'dream' ? html`${also(model)} ${guide(model)}` : nothing}
  `;
}
