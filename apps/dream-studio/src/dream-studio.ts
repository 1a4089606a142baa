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
  type LayerSelectEvent,
} from '@convlens/elements';
import './curve.js';
import { layout } from './dream-studio.styles.js';
import { film, type SaveKind } from './film.js';
import { how } from './how.js';
import '@convlens/elements/picture.js';
import { stage } from './stage.js';
import { linkSchema, type StudioState, type Technique } from './state.js';
import { StudioModel } from './studio-model.js';
import { wall } from './wall.js';
import { what } from './what.js';

/**
 * Pictures that units and classes of a convolutional network answer to, DeepDream, and images rebuilt from layers.
 *
 * @summary What a network wants to see, and what it still knows.
 * @fires load - the first picture is shown
 * @fires error - something failed; the picture stays as it was
 */
export class DreamStudio extends LitElement {
  static override properties = {
    network: {},
    make: {},
    layer: {},
    channel: { type: Number },
    target: { type: Number },
    image: {},
    link: { type: Boolean },
    filter: { state: true },
  };

  static override styles: CSSResultGroup = [tokens, controls, shell, layout];

  /** Id of the embedded network to open with. */
  declare network: string | undefined;
  /** What to make: class, unit, dream, rebuild, restarts. */
  declare make: Technique | undefined;
  declare layer: string | undefined;
  declare channel: number | undefined;
  /** Class index. */
  declare target: number | undefined;
  /** Id of the sample picture to open with. */
  declare image: string | undefined;
  /** Keep the state in the address of the page. For pages that belong to the studio alone. */
  declare link: boolean;
  declare filter: string;

  #loaded = false;
  #revealed = '';
  readonly #app: AppController<StudioState, StudioModel>;

  constructor() {
    super();
    this.link = false;
    this.filter = '';
    this.#app = new AppController(this, {
      schema: linkSchema,
      attributes: ['network', 'make', 'layer', 'channel', 'target', 'image'],
      make: (place) => new StudioModel(place),
      onKey,
      takeFiles: (model, files) => void takeFiles(model, files),
    });
  }

  get #model(): StudioModel | undefined {
    return this.#app.model;
  }

  protected override render(): TemplateResult {
    const model = this.#model;
    if (!model) return html``;
    return html`
      <div
        class="studio"
        @lens-layer-select=${(event: LayerSelectEvent) => model.choose({ layer: event.layer, channel: undefined })}
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
        <section class="what" aria-label="What to make, and how">
          ${what(
            model,
            this.filter,
            (text) => (this.filter = text),
            (file) => resolveFile('docs', file),
          )}
          ${how(model)}
        </section>
        <section class="stage" aria-label="Picture">
          ${banner(model.problem, model.notice, () => model.dismiss())}
          ${opening(model.busy, ['network', 'image', 'backend'], () => model.cancel())}
          ${model.sheet ? wall(model, model.sheet) : stage(model)}
          ${this.#app.isDropping ? html`<div class="drop">Drop an image, an ONNX file or a recipe</div>` : nothing}
        </section>
        <aside class="film-side" aria-label="Run">
          ${film(model, (kind) => void this.#save(kind))}
        </aside>
      </div>
    `;
  }

  protected override updated(): void {
    const model = this.#model;
    if (!model) return;
    if (!this.#loaded && model.run?.frame) {
      this.#loaded = true;
      performance.mark('convlens-first-pictures');
      this.dispatchEvent(new Event('load'));
    }
    this.#reveal(model);
  }

  /** Brings the chosen class into the view of its list, once; the page itself does not move. */
  #reveal({ state, names }: StudioModel): void {
    const key = `${state.network} ${state.make} ${state.target} ${names?.length}`;
    const list = this.renderRoot.querySelector('.classes');
    const chosen = list?.querySelector<HTMLElement>('[aria-pressed="true"]');
    if (!list || !chosen || key === this.#revealed) return;
    this.#revealed = key;
    const top = chosen.offsetTop - (list as HTMLElement).offsetTop;
    if (top < list.scrollTop || top + chosen.offsetHeight > list.scrollTop + list.clientHeight) {
      list.scrollTop = top - list.clientHeight / 2;
    }
  }

  async #copyLink(): Promise<void> {
    const model = this.#model;
    if (!model) return;
    const { copyLink } = await import('@convlens/elements/copy-link.js');
    model.notice = await copyLink(writeLink(model.state, linkSchema), 'makes this very picture');
  }

  async #save(kind: SaveKind): Promise<void> {
    const model = this.#model;
    const run = model?.run;
    if (!model || !run?.frame) return;
    try {
      const [exports, { saveFile }] = await Promise.all([
        import('./exports.js'),
        import('@convlens/elements/save.js'),
      ]);
      const name = `${model.state.network}-${model.subject}`
        .replaceAll(/[^\w.-]+/g, '-')
        .slice(0, 80);
      if (kind === 'png') saveFile(exports.asPng(run), `${name}.png`);
      else if (kind === 'csv') saveFile(exports.asCsv(run), `${name}.csv`);
      else if (kind === 'recipe') saveFile(exports.asJson(run), `${name}.json`);
      else {
        announce('Making the film.');
        const film = kind === 'gif' ? await exports.asGif(run) : await exports.asVideo(run);
        saveFile(film, `${name}.${film.type.split('/')[1]}`);
      }
    } catch (error) {
      model.fail(error);
    }
  }
}

function onKey(event: KeyboardEvent, model: StudioModel): boolean {
  if (isTyping(event) || (event.key === ' ' && isPressing(event))) return false;
  const { run } = model;
  if (event.key === 'Escape' && model.sheet) model.closeSheet();
  else if (event.key === ' ' && run?.status === 'running') run.pause();
  else if (event.key === ' ' && run) void run.go();
  else if (event.key === 'k') run?.keep();
  else if (event.key === 'u') {
    const previous = run?.film.filter(({ frame }) => frame.step < (run.frame?.step ?? 0)).at(-1);
    if (previous && run?.status !== 'running') run?.back(previous);
  } else return false;
  return true;
}

/** A file that was dropped or pasted: a recipe, an image, or a network. */
async function takeFiles(model: StudioModel, files: readonly File[]): Promise<void> {
  const [first] = files;
  if (!first) return;
  if (/\.json$/i.test(first.name)) return model.takeRecipe(first);
  if (!isPicture(first.name, first.type)) return model.chooseNetworkFiles(files);
  if (first.type === 'image/png' && (await isRecipe(first))) return model.takeRecipe(first);
  return model.chooseImage({ kind: 'file', file: first, name: first.name });
}

async function isRecipe(file: Blob): Promise<boolean> {
  try {
    const { recipeFromFile } = await import('./exports.js');
    await recipeFromFile(file);
    return true;
  } catch {
    return false;
  }
}

define('dream-studio', DreamStudio);

declare global {
  interface HTMLElementTagNameMap {
    'dream-studio': DreamStudio;
  }
}
