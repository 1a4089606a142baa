import { html, nothing, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { live } from 'lit/directives/live.js';
import { attackMethods, defences, type NumberParameter, type Settings } from '@convlens/core';
import { resolveFile } from '@convlens/elements';
import type { LabModel } from './lab-model.js';
import { allSettings, inGreyLevels, methodOf, writeSet, written } from './parameters.js';
import { ATTACK_WORDS, DEFENCE_WORDS, PRESETS, presetOf } from './presets.js';

/** What is chosen, and from what: a lab, or as much of one. */
export type SetupParts = Pick<
  LabModel,
  'choose' | 'classes' | 'nameOf' | 'names' | 'network' | 'state' | 'take'
>;

const valueOf = (event: Event): string => (event.target as HTMLInputElement).value;

/** Ends of the slider of epsilon: grey levels, or distance. */
const REACH = { linf: { high: 32, step: 0.5 }, l2: { high: 5, step: 0.05 } };

function chips(model: SetupParts): TemplateResult {
  const chosen = presetOf(model.state, model.names);
  return html`<div class="chips" role="group" aria-label="Experiments">
      ${PRESETS.map(
        (preset) =>
          html`<button
            aria-pressed=${preset.id === chosen?.id}
            title=${preset.about}
            @click=${() => model.take(preset)}
          >
            ${preset.title}
          </button>`,
      )}
    </div>
    <p class="quiet">${chosen?.about ?? 'An experiment of your own.'}</p>`;
}

/** The slider that matters most. */
function epsilon(model: SetupParts, settings: Settings): TemplateResult | typeof nothing {
  const { eps } = settings;
  if (typeof eps !== 'number') return nothing;
  const grey = settings.norm !== 'l2';
  const { high, step } = REACH[grey ? 'linf' : 'l2'];
  const value = grey ? 255 * eps : eps;
  const text = (event: Event): string => (grey ? `${valueOf(event)}/255` : valueOf(event));
  const show = (event: Event): void => {
    const output = (event.target as HTMLElement).parentElement!.querySelector('output')!;
    output.value = text(event);
  };
  return html`<label class="epsilon">
    <span>Epsilon <output .value=${live(written(eps, grey))}></output></span>
    <input
      type="range"
      aria-label="Epsilon"
      aria-valuetext=${grey ? `${written(eps, true)}, grey levels` : `distance ${written(eps, false)}`}
      min="0"
      max=${high}
      step=${step}
      .value=${String(Math.min(high, value))}
      @input=${show}
      @change=${(event: Event) => model.choose({ set: writeSet(model.state.set, 'eps', text(event)) })}
    />
    <span class="quiet"
      >${grey ? 'The most that any value may change: grey levels of 255.' : 'The longest way: Euclidean distance, values from 0 to 1.'}</span
    >
  </label>`;
}

function number(
  model: SetupParts,
  name: string,
  parameter: NumberParameter,
  settings: Settings,
): TemplateResult {
  const grey = inGreyLevels(parameter, settings);
  const value = Number(settings[name]);
  const scale = grey ? 255 : 1;
  const change = (event: Event): void => {
    const given = valueOf(event);
    const inside = Math.min(parameter.high * scale, Math.max(parameter.low * scale, Number(given)));
    const text = parameter.unit === 'count' ? String(Math.round(inside)) : String(inside);
    const next = given === '' ? '' : grey ? `${text}/255` : text;
    model.choose({ set: writeSet(model.state.set, name, next) });
  };
  return html`<div>
    <dt>
      <label for="p-${name}">${parameter.title}${name === 'eps' ? ', exactly' : ''}</label>
    </dt>
    <dd>
      <input
        id="p-${name}"
        type="number"
        step=${parameter.unit === 'count' ? 1 : 'any'}
        min=${parameter.low * scale}
        max=${parameter.high * scale}
        .value=${String(Number((value * scale).toPrecision(5)))}
        @change=${change}
      />
      <span class="quiet">${grey ? '/255' : ''}</span>
    </dd>
  </div>`;
}

function parameters(model: SetupParts, settings: Settings): TemplateResult {
  const { state } = model;
  const method = methodOf(state.attack);
  return html`<details>
    <summary>Numbers</summary>
    <dl class="numbers">
      ${Object.entries(method.parameters).map(([name, parameter]) =>
        parameter.kind === 'number'
          ? number(model, name, parameter, settings)
          : html`<div>
              <dt><label for="p-${name}">${parameter.title}</label></dt>
              <dd>
                <select
                  id="p-${name}"
                  @change=${(event: Event) => {
                    // Another norm measures epsilon otherwise: its default is taken.
                    const set = name === 'norm' ? writeSet(state.set, 'eps', '') : state.set;
                    model.choose({ set: writeSet(set, name, valueOf(event)) });
                  }}
                >
                  ${parameter.words.map(
                    (word) =>
                      html`<option value=${word} .selected=${settings[name] === word}>
                        ${WORDS[word] ?? word}
                      </option>`,
                  )}
                </select>
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
            @change=${(event: Event) => model.choose({ seed: Math.max(0, Math.round(Number(valueOf(event)) || 0)) })}
          />
        </dd>
      </div>
    </dl>
    <p><button @click=${() => model.choose({ set: '', seed: undefined })}>Defaults</button></p>
  </details>`;
}

/** Words of parameters for people. */
const WORDS: Readonly<Record<string, string>> = {
  linf: 'largest change',
  l2: 'distance',
  random: 'random place',
  image: 'the image',
  dlr: 'logits ratio',
};

function defence(model: SetupParts): TemplateResult {
  const { state } = model;
  const chosen = defences.find(({ id }) => id === state.defence);
  const { title, low, high, fallback } = chosen?.strength ?? {};
  return html`<h2>Defence</h2>
    <select
      aria-label="Defence"
      @change=${(event: Event) => model.choose({ defence: valueOf(event), strength: '' })}
    >
      <option value="" .selected=${!chosen}>None: the bare network</option>
      ${defences.map(
        (one) => html`<option value=${one.id} .selected=${one === chosen}>${one.title}</option>`,
      )}
    </select>
    ${
      chosen
        ? html`<p class="quiet">${DEFENCE_WORDS[chosen.id]}</p>
            <label class="line"
              >${title}
              <input
                type="number"
                min=${low!}
                max=${high!}
                step="any"
                .value=${state.strength || String(fallback)}
                @change=${(event: Event) => {
                  const value = Math.min(
                    high!,
                    Math.max(low!, Number(valueOf(event)) || fallback!),
                  );
                  model.choose({ strength: String(value) });
                }}
              />
            </label>
            <label class="line check"
              ><input
                type="checkbox"
                .checked=${state.knows === 'yes'}
                @change=${(event: Event) =>
                  model.choose({
                    knows: (event.target as HTMLInputElement).checked ? 'yes' : 'no',
                  })}
              />The attack knows of it</label
            >`
        : nothing
    }`;
}

/**
 * What is done to the image: experiments, attack, class to reach, numbers, defence.
 *
 * @param model the lab
 */
export function setup(model: SetupParts): TemplateResult {
  const { state, names, network } = model;
  // It changes with what is chosen only, and not with every step of an attack.
  return html`${guard([JSON.stringify(state), names, network], () => contents(model))}`;
}

function contents(model: SetupParts): TemplateResult {
  const { state } = model;
  const method = attackMethods.find(({ id }) => id === state.attack);
  let settings: Settings = {};
  try {
    settings = method ? allSettings(method, state.set) : {};
  } catch {
    // A link may say anything; what is wrong is said when the attack is tried.
  }
  return html`
    <h2>Try</h2>
    ${chips(model)}
    <h2>Attack</h2>
    <select
      aria-label="Attack"
      @change=${(event: Event) => model.choose({ attack: valueOf(event) })}
    >
      ${attackMethods.map(
        ({ id, title }) =>
          html`<option value=${id} .selected=${id === state.attack}>${title}</option>`,
      )}
    </select>
    <p class="quiet">
      ${ATTACK_WORDS[state.attack]}
      <a href=${resolveFile('docs', 'attacks.html')} target="_blank" rel="noopener">More</a>
    </p>
    <label class="line"
      >Towards
      <select
        ?disabled=${!method?.towards}
        @change=${(event: Event) => {
          const value = valueOf(event);
          model.choose({ target: value === '' ? undefined : Number(value) });
        }}
      >
        <option value="" .selected=${state.target === undefined}>any other class</option>
        ${model.classes.map(
          (index) =>
            html`<option value=${index} .selected=${index === state.target && method?.towards}>
              ${model.nameOf(index)}
            </option>`,
        )}
      </select>
    </label>
    ${method ? epsilon(model, settings) : nothing} ${method ? parameters(model, settings) : nothing}
    ${defence(model)}
  `;
}
