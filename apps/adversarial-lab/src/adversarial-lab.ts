import { html, LitElement, nothing, type CSSResultGroup, type TemplateResult } from 'lit';
import {
  announce,
  banner,
  controls,
  copyLink,
  define,
  FileDrop,
  opening,
  readLink,
  resolveFile,
  sharedEngine,
  shell,
  tokens,
  topRow,
  writeLink,
  type ImageSelectEvent,
} from '@convlens/elements';
import '@convlens/elements/picture.js';
import { layout } from './adversarial-lab.styles.js';
import { LabModel } from './lab-model.js';
import { setup } from './setup.js';
import { stage, type SaveKind } from './stage.js';
import { linkTable, type LabState } from './state.js';
import { tabs } from './tabs.js';

/**
 * How little it takes to fool a convolutional network, where inside it goes wrong, and what defences are worth.
 *
 * @summary Fool a network, see why, defend it.
 * @fires load - the first attack is done
 */
export class AdversarialLab extends LitElement {
  static override properties = {
    network: {},
    image: {},
    attack: {},
    target: { type: Number },
    link: { type: Boolean },
  };

  static override styles: CSSResultGroup = [tokens, controls, shell, layout];

  /** Id of the embedded network to open with. */
  declare network: string | undefined;
  /** Id of the sample picture to open with. */
  declare image: string | undefined;
  /** Id of the attack to open with. */
  declare attack: string | undefined;
  /** Index of the class to reach. */
  declare target: number | undefined;
  /** Keep the state in the address of the page. For pages that belong to the lab alone. */
  declare link: boolean;

  #model: LabModel | undefined;
  #loaded = false;
  readonly #drop = new FileDrop(this, (event) => this.#takeDrop(event));
  #revision = 0;

  constructor() {
    super();
    this.link = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#keys.addEventListener('keydown', this.#onKey);
    this.#keys.addEventListener('paste', this.#onPaste);
    addEventListener('hashchange', this.#onHash);
    const state = readLink(this.link ? location.hash : '', linkTable);
    const given = new URLSearchParams(this.link ? location.hash.slice(1) : '');
    const { network, image, attack, target } = this;
    const wished: Partial<LabState> = { network, image, attack, target } as Partial<LabState>;
    for (const [key, value] of Object.entries(wished)) {
      if (value !== undefined && !given.has(key)) Object.assign(state, { [key]: value });
    }
    const chosen = ['attack', 'target', 'set', 'defence'].some((key) => given.has(key));
    const changed = (): void => {
      this.#revision++;
      this.requestUpdate();
    };
    this.#model = new LabModel(sharedEngine(), state, changed);
    void this.#model.open(!chosen && attack === undefined && target === undefined);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#keys.removeEventListener('keydown', this.#onKey);
    this.#keys.removeEventListener('paste', this.#onPaste);
    removeEventListener('hashchange', this.#onHash);
    this.#model?.cancel();
    this.#model?.set?.dispose();
    this.#model = undefined;
  }

  /** Where keys are heard: on the whole page when it belongs to the lab, else only inside the element. */
  get #keys(): HTMLElement {
    return this.link ? document.documentElement : this;
  }

  protected override render(): TemplateResult {
    const model = this.#model;
    if (!model) return html``;
    return html`
      <div
        class="lab"
        @lens-image-select=${(event: ImageSelectEvent) => void model.chooseImage(event.choice)}
      >
        <section class="top" aria-label="Network and image">
          ${topRow({
            choices: model.networks.options,
            network: model.state.network,
            samples: model.samples,
            image: model.state.image,
            report: sharedEngine().backend,
            chooseNetwork: (id) => void model.chooseNetwork(id),
            openNetwork: (files) => void model.chooseNetworkFiles(files),
            chooseBackend: (choice) => void model.chooseBackend(choice),
            takeRecipe: (file) => void model.takeRecipe(file),
            copyLink: () => void this.#copyLink(),
          })}
        </section>
        <section class="setup" aria-label="Attack and defence">${setup(model)}</section>
        <div class="main">
          <section class="stage" aria-label="Experiment">
            ${banner(model.problem, model.notice, () => model.dismiss())}
            ${opening(model.busy, ['network', 'image', 'look', 'backend'], () => model.cancel())}
            ${stage(model, (kind) => void this.#save(kind))}
          </section>
          ${tabs(model, this.#revision)}
          <p class="quiet foot">
            <a href=${resolveFile('docs', 'adversarial-lab.html')} target="_blank" rel="noopener"
              >What this is for, and what it does not show</a
            >
          </p>
          ${this.#drop.active ? html`<div class="drop">Drop an image, an ONNX file or a recipe</div>` : nothing}
        </div>
      </div>
    `;
  }

  protected override updated(): void {
    const model = this.#model;
    if (!model) return;
    if (!this.#loaded && model.answer) {
      this.#loaded = true;
      performance.mark('convlens-first-pictures');
      this.dispatchEvent(new Event('load'));
    }
    if (this.link && model.network && model.original) {
      const hash = writeLink(model.state, linkTable);
      if (hash !== location.hash) history.replaceState(history.state, '', hash);
    }
  }

  readonly #onHash = (): void => {
    const model = this.#model;
    if (!this.link || !model || writeLink(model.state, linkTable) === location.hash) return;
    const { network, image } = model.state;
    const next = readLink(location.hash, linkTable);
    Object.assign(model.state, next, { network, image });
    if (next.image !== image) void model.chooseImage({ kind: 'sample', id: next.image });
    if (next.network !== network) void model.chooseNetwork(next.network);
    else if (next.image === image) model.begin();
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    const model = this.#model;
    const target = event.composedPath()[0];
    const typing = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
    const pressed =
      event.key === ' ' &&
      target instanceof HTMLElement &&
      target.matches('button, summary, a, [role=option], [tabindex="0"]');
    if (!model || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape' && model.run?.active) model.stop();
    else if (event.key === ' ' && !typing && !pressed) {
      if (model.run?.active) model.stop();
      else model.begin();
    } else return;
    event.preventDefault();
  };

  readonly #onPaste = (event: ClipboardEvent): void => {
    const [file] = event.clipboardData?.files ?? [];
    if (!file?.type.startsWith('image/')) return;
    event.preventDefault();
    void this.#model?.chooseImage({ kind: 'file', file, name: 'Pasted image' });
  };

  #takeDrop(event: DragEvent): void {
    const files = [...(event.dataTransfer?.files ?? [])];
    const [first] = files;
    const model = this.#model;
    if (!first || !model) return;
    if (/\.json$/i.test(first.name)) void model.takeRecipe(first);
    else if (first.type.startsWith('image/')) {
      void model.chooseImage({ kind: 'file', file: first, name: first.name });
    } else void model.chooseNetworkFiles(files);
  }

  async #copyLink(): Promise<void> {
    const model = this.#model;
    if (!model) return;
    model.notice = await copyLink(writeLink(model.state, linkTable), 'makes this very attack');
    this.requestUpdate();
  }

  async #save(kind: SaveKind): Promise<void> {
    const model = this.#model;
    if (!model?.answer) return;
    try {
      const [exports, { saveFile }] = await Promise.all([
        import('./exports.js'),
        import('@convlens/elements/save.js'),
      ]);
      if (kind === 'gif') announce('Making the film.');
      const { blob, name } = await exports.save(model, kind);
      saveFile(blob, name);
    } catch (error) {
      model.fail(error);
    }
  }
}

define('adversarial-lab', AdversarialLab);

declare global {
  interface HTMLElementTagNameMap {
    'adversarial-lab': AdversarialLab;
  }
}
