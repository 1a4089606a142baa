import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** Takes files that are dropped on an element, and tells while some are held over it. */
export class FileDrop implements ReactiveController {
  readonly #host: ReactiveControllerHost & HTMLElement;
  readonly #take: (event: DragEvent) => void;
  /** Whether files are held over the element. */
  active = false;

  /**
   * @param host the element
   * @param take given the drop; its files are read at once or never
   */
  constructor(host: ReactiveControllerHost & HTMLElement, take: (event: DragEvent) => void) {
    this.#host = host;
    this.#take = take;
    host.addController(this);
  }

  /** See `ReactiveController`. */
  hostConnected(): void {
    this.#host.addEventListener('dragover', this.#over);
    this.#host.addEventListener('dragleave', this.#leave);
    this.#host.addEventListener('drop', this.#drop);
  }

  /** See `ReactiveController`. */
  hostDisconnected(): void {
    this.#host.removeEventListener('dragover', this.#over);
    this.#host.removeEventListener('dragleave', this.#leave);
    this.#host.removeEventListener('drop', this.#drop);
  }

  #set(active: boolean): void {
    if (active === this.active) return;
    this.active = active;
    this.#host.requestUpdate();
  }

  readonly #over = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    this.#set(true);
  };

  readonly #leave = (): void => {
    this.#set(false);
  };

  readonly #drop = (event: DragEvent): void => {
    event.preventDefault();
    this.#set(false);
    this.#take(event);
  };
}
