import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { FileDrop } from './file-drop.js';
import { ProblemEvent } from './events.js';
import { readLink, writeLink, type LinkSchema } from './link-state.js';
import { sharedEngine } from './environment.js';
import type { WorkbenchPlace } from './workbench.js';

/** An app without its looks, as its element holds it. */
export interface AppModel<S> extends Disposable {
  /** What is chosen. */
  readonly state: S;
  /**
   * Opens what the state says; called once.
   *
   * @param given keys that a link or an attribute has set
   */
  open(given: ReadonlySet<string>): unknown;
  /** Follows a change from outside: of an attribute, a property or the link. */
  apply(change: Partial<S>): unknown;
  /** Whether the state is what is shown, so that it may be written into the link. */
  readonly isSettled: boolean;
}

/** The element of an app. */
export interface AppHost extends ReactiveControllerHost, HTMLElement {
  /** Keep the state in the address of the page. For pages that belong to the app alone. */
  link: boolean;
}

/** What an app brings. */
export interface AppParts<S extends object, M extends AppModel<S>> {
  /** The keys of its link. */
  readonly schema: LinkSchema<S>;
  /** Keys of the state that are attributes and properties of the element under the same name. */
  readonly attributes: readonly (keyof S & string)[];
  /** Makes the model, where the element is. */
  readonly make: (place: WorkbenchPlace<S>) => M;
  /** A key; true when it was the app's. */
  readonly onKey?: (event: KeyboardEvent, model: M) => boolean;
  /** Files that were dropped or pasted. */
  readonly takeFiles: (
    model: M,
    files: readonly File[],
    folders: readonly FileSystemDirectoryEntry[],
  ) => void;
}

/** How near an element must come before it opens anything. */
const NEAR = '200px';

/**
 * The life of an app's element: its model is made when the element is first seen and given back when it is removed; attributes,
 * properties and the link are followed whenever they change; keys, drops and pastes are heard where they are meant for it.
 */
export class AppController<S extends object, M extends AppModel<S>> implements ReactiveController {
  readonly #host: AppHost;
  readonly #parts: AppParts<S, M>;
  /** There once the element has begun to open things. */
  #drop: FileDrop | undefined;
  #observer: IntersectionObserver | undefined;
  #isNear = false;
  #isConnected = false;
  /** What was chosen when the element was last on a page. */
  #state: S | undefined;
  #applied: Partial<Record<string, unknown>> = {};
  /** Where keys and pastes are heard. */
  #ear: HTMLElement | undefined;
  model: M | undefined;

  /**
   * @param host the element
   * @param parts what the app brings
   */
  constructor(host: AppHost, parts: AppParts<S, M>) {
    this.#host = host;
    this.#parts = parts;
    host.addController(this);
  }

  /** Whether files are held over the element. */
  get isDropping(): boolean {
    return this.#drop?.active === true;
  }

  /** See `ReactiveController`. */
  hostConnected(): void {
    this.#isConnected = true;
    this.#observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        this.#isNear = true;
        this.#observer?.disconnect();
        this.#host.requestUpdate();
      },
      { rootMargin: NEAR },
    );
    this.#observer.observe(this.#host);
    this.#host.requestUpdate();
  }

  /** See `ReactiveController`: properties that were set before the element was defined are known by now. */
  hostUpdate(): void {
    if (!this.#isConnected) return;
    if (this.model) this.#applyProperties(this.model);
    else if (this.#isNear || this.#host.link) this.#begin();
  }

  /** See `ReactiveController`. */
  hostUpdated(): void {
    const { model } = this;
    if (!this.#host.link || !model?.isSettled) return;
    const hash = writeLink(model.state, this.#parts.schema);
    if (hash !== location.hash) history.replaceState(history.state, '', hash);
  }

  /** See `ReactiveController`. */
  hostDisconnected(): void {
    this.#isConnected = false;
    this.#observer?.disconnect();
    this.#ear?.removeEventListener('keydown', this.#onKey);
    this.#ear?.removeEventListener('paste', this.#onPaste);
    removeEventListener('hashchange', this.#onHash);
    this.#state = this.model?.state;
    this.model?.[Symbol.dispose]();
    this.model = undefined;
  }

  #begin(): void {
    const { schema, attributes, make } = this.#parts;
    const { link } = this.#host;
    const hash = link ? location.hash : '';
    const given = new Set(new URLSearchParams(hash.replace(/^#/, '')).keys());
    const state = this.#state ?? readLink(hash, schema);
    for (const key of attributes) {
      const value = this.#attribute(key);
      const isNew = value !== undefined && value !== this.#applied[key];
      this.#applied[key] = value;
      if (!isNew || given.has(key)) continue;
      given.add(key);
      Object.assign(state, { [key]: value });
    }
    // A page that belongs to the app hears everywhere; on another's only what happens inside the element is meant for it.
    this.#ear = link ? document.documentElement : this.#host;
    this.#ear.addEventListener('keydown', this.#onKey);
    this.#ear.addEventListener('paste', this.#onPaste);
    if (link) addEventListener('hashchange', this.#onHash);
    const engine = sharedEngine();
    this.model = make({
      engine,
      // An app that needs no part of the page's engine takes none.
      get session() {
        return engine.session();
      },
      state,
      changed: () => this.#host.requestUpdate(),
      failed: (problem) => this.#host.dispatchEvent(new ProblemEvent(problem)),
    });
    void this.model.open(given);
    void this.#listenForDrops();
  }

  /** Nobody drops a file before there is something to see: the first pictures do not wait for this. */
  async #listenForDrops(): Promise<void> {
    const { FileDrop } = await import('./file-drop.js');
    this.#drop ??= new FileDrop(this.#host, (event) => this.#takeDrop(event));
  }

  /** What an attribute or property says; words are read as in a link, and those that make no sense there are passed over. */
  #attribute(key: keyof S & string): unknown {
    const value = (this.#host as unknown as Record<string, unknown>)[key];
    if (typeof value === 'string') return this.#parts.schema[key].parse(value);
    return value ?? undefined;
  }

  #applyProperties(model: M): void {
    const change: Record<string, unknown> = {};
    for (const key of this.#parts.attributes) {
      const value = this.#attribute(key);
      if (value === this.#applied[key]) continue;
      this.#applied[key] = value;
      if (value !== undefined && value !== model.state[key]) change[key] = value;
    }
    // After this update: the model will ask for another.
    if (Object.keys(change).length > 0) {
      queueMicrotask(() => void model.apply(change as Partial<S>));
    }
  }

  readonly #onHash = (): void => {
    const { model } = this;
    const { schema } = this.#parts;
    if (!model || writeLink(model.state, schema) === location.hash) return;
    const next = readLink(location.hash, schema);
    const change: Partial<S> = {};
    for (const key of Object.keys(schema) as (keyof S & string)[]) {
      if (next[key] !== model.state[key]) change[key] = next[key];
    }
    void model.apply(change);
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    if (!this.model || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.#parts.onKey?.(event, this.model)) event.preventDefault();
  };

  readonly #onPaste = (event: ClipboardEvent): void => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!this.model || files.length === 0 || isTyping(event)) return;
    event.preventDefault();
    this.#parts.takeFiles(this.model, files, []);
  };

  #takeDrop(event: DragEvent): void {
    if (!this.model) return;
    // Folders are among the files too, as something that cannot be read.
    const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry());
    const folders = entries.filter(
      (entry): entry is FileSystemDirectoryEntry => entry?.isDirectory === true,
    );
    const names = new Set(folders.map(({ name }) => name));
    const files = [...(event.dataTransfer?.files ?? [])].filter(({ name }) => !names.has(name));
    this.#parts.takeFiles(this.model, files, folders);
  }
}

/** Whether an event happened where a person writes or chooses. */
export function isTyping(event: Event): boolean {
  const [target] = event.composedPath();
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches('input, select, textarea'))
  );
}

/** Whether a key pressed where it happened does something already, as space does on a button. */
export function isPressing(event: Event): boolean {
  const [target] = event.composedPath();
  return (
    target instanceof HTMLElement &&
    target.matches('button, summary, a, [role=option], [tabindex="0"]')
  );
}
