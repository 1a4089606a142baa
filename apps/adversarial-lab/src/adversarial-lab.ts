import { html, LitElement, nothing, type CSSResultGroup, type TemplateResult } from 'lit';
import {
  announce,
  AppController,
  banner,
  controls,
  define,
  isPicture,
  isPressing,
  isTyping,
  opening,
  resolveFile,
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
import { linkSchema, type LabState } from './state.js';
import { tabs } from './tabs.js';

/**
 * How little it takes to fool a convolutional network, where inside it goes wrong, and what defences are worth.
 *
 * @summary Fool a network, see why, defend it.
 * @fires load - the first attack is done
 * @fires error - something failed; `code` and `message` say what, the pictures stay as they were
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

  #loaded = false;
  #revision = 0;
  readonly #app: AppController<LabState, LabModel>;

  constructor() {
    super();
    this.link = false;
    this.#app = new AppController(this, {
      schema: linkSchema,
      attributes: ['network', 'image', 'attack', 'target'],
      make: (place) =>
        new LabModel({
          ...place,
          session: place.session,
          changed: () => {
            this.#revision++;
            place.changed();
          },
        }),
      onKey,
      takeFiles,
    });
  }

  get #model(): LabModel | undefined {
    return this.#app.model;
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
            report: model.backend,
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
          ${this.#app.isDropping ? html`<div class="drop">Drop an image, an ONNX file or a recipe</div>` : nothing}
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
  }

  async #copyLink(): Promise<void> {
    const model = this.#model;
    if (!model) return;
    const { copyLink } = await import('@convlens/elements/copy-link.js');
    model.notice = await copyLink(writeLink(model.state, linkSchema), 'makes this very attack');
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

function onKey(event: KeyboardEvent, model: LabModel): boolean {
  if (event.key === 'Escape' && model.run?.active) model.stop();
  else if (event.key === ' ' && !isTyping(event) && !isPressing(event)) {
    if (model.run?.active) model.stop();
    else model.begin();
  } else return false;
  return true;
}

/** A file that was dropped or pasted: a recipe, an image, or a network. */
function takeFiles(model: LabModel, files: readonly File[]): void {
  const [first] = files;
  if (!first) return;
  if (/\.json$/i.test(first.name)) void model.takeRecipe(first);
  else if (isPicture(first.name, first.type)) {
    void model.chooseImage({ kind: 'file', file: first, name: first.name });
  } else void model.chooseNetworkFiles(files);
}

define('adversarial-lab', AdversarialLab);

declare global {
  interface HTMLElementTagNameMap {
    'adversarial-lab': AdversarialLab;
  }
}
