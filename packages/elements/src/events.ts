import type { Problem } from './tasks.js';

/** A layer was chosen. */
export class LayerSelectEvent extends Event {
  static readonly type = 'lens-layer-select';
  /** Layer id. */
  readonly layer: string;

  /** @param layer layer id */
  constructor(layer: string) {
    super(LayerSelectEvent.type, { bubbles: true, composed: true });
    this.layer = layer;
  }
}

/** A unit of a grid was pinned, or let go (`undefined`). */
export class UnitSelectEvent extends Event {
  static readonly type = 'lens-unit-select';
  /** Index of the unit: a channel, a filter. */
  readonly unit: number | undefined;

  /** @param unit index of the unit, or undefined when let go */
  constructor(unit: number | undefined) {
    super(UnitSelectEvent.type, { bubbles: true, composed: true });
    this.unit = unit;
  }
}

/** The pointer or the focus is on a unit of a grid, or on none. */
export class UnitHoverEvent extends Event {
  static readonly type = 'lens-unit-hover';
  /** Index of the unit. */
  readonly unit: number | undefined;

  /** @param unit index of the unit, or undefined when on none */
  constructor(unit: number | undefined) {
    super(UnitHoverEvent.type, { bubbles: true, composed: true });
    this.unit = unit;
  }
}

/** A picture was chosen as the current image. */
export class ImageSelectEvent extends Event {
  static readonly type = 'lens-image-select';
  /** Id of a sample, the file, its address, or the camera. */
  readonly choice:
    | { readonly kind: 'sample'; readonly id: string }
    | { readonly kind: 'file'; readonly file: Blob; readonly name: string }
    | { readonly kind: 'url'; readonly url: string }
    | { readonly kind: 'camera' };

  /** @param choice what was chosen */
  constructor(choice: ImageSelectEvent['choice']) {
    super(ImageSelectEvent.type, { bubbles: true, composed: true });
    this.choice = choice;
  }
}

/** Something failed; what was there before is still shown. */
export class ProblemEvent extends Event {
  static readonly type = 'error';
  /** Stable code, for programs. */
  readonly code: string;
  /** What happened and what to do, for people. */
  readonly message: string;

  /** @param problem what failed */
  constructor({ code, message }: Pick<Problem, 'code' | 'message'>) {
    super(ProblemEvent.type);
    this.code = code;
    this.message = message;
  }
}

declare global {
  interface HTMLElementEventMap {
    'lens-layer-select': LayerSelectEvent;
    'lens-unit-select': UnitSelectEvent;
    'lens-unit-hover': UnitHoverEvent;
    'lens-image-select': ImageSelectEvent;
  }
}
