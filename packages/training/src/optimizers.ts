import type { Argument, GraphBuilder } from '@convlens/onnx';

/** How weights follow their gradients. */
export type OptimizerId = 'sgd' | 'adagrad' | 'adadelta' | 'rmsprop' | 'adam' | 'adamw';

/** Whose form of an optimiser, where PyTorch's and Keras's differ. */
export type Convention = 'pytorch' | 'keras';

/** An optimiser, as it was chosen. What is left out is the convention's default. */
export interface OptimizerSettings {
  readonly kind: OptimizerId;
  /** Learning rate; of a step, what a schedule makes of it. */
  readonly lr?: number;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  /** Share of the old in the mean of squares: RMSprop's alpha, Adadelta's rho. */
  readonly alpha?: number;
  /** Shares of the old in Adam's two means. */
  readonly betas?: readonly [number, number];
  readonly eps?: number;
  /** Added to the gradient as decay w; AdamW shortens the weights by lr decay instead. */
  readonly weightDecay?: number;
  /** Default `pytorch`. */
  readonly convention?: Convention;
}

/** An optimiser with all its numbers. */
export type Numbers = Required<OptimizerSettings>;

/** A weight's update while it is written. */
export interface Update {
  readonly b: GraphBuilder;
  readonly settings: Numbers;
  readonly weight: string;
  readonly gradient: string;
  /**
   * Something that the weight's next update is given.
   *
   * @param name what it is
   * @param next what it becomes, of what it was
   * @param initial what all its elements are at first; 0 by default
   * @returns what it becomes
   */
  state(name: string, next: (old: string) => string, initial?: number): string;
  /** One of the optimiser's `scalars`, as a value of shape `[1]`. */
  scalar(name: string): string;
}

/** A row of the table of optimisers. */
export interface Optimizer {
  /** For people. */
  readonly title: string;
  /** What it is, in one sentence. */
  readonly about: string;
  /** Its numbers where nothing else is said; those that it does not have are not used. */
  readonly defaults: Readonly<Record<Convention, Partial<Numbers> & { readonly lr: number }>>;
  /**
   * Numbers that each step is fed besides.
   *
   * @param step 1 for the first
   * @param rate learning rate of the step
   */
  scalars(settings: Numbers, step: number, rate: number): Readonly<Record<string, number>>;
  /** Writes the update; what the weight becomes. */
  write(update: Update): string;
}

const rateOnly: Optimizer['scalars'] = (_, __, rate) => ({ rate });

/** old share + by (1 - share). */
function average(b: GraphBuilder, old: string, by: string, share: number): string {
  return b.emit('Add', [b.emit('Mul', [old, share]), b.emit('Mul', [by, 1 - share])]);
}

/** The weight less a step. */
function less({ b, weight }: Update, step: string, by: Argument): string {
  return b.emit('Sub', [weight, b.emit('Mul', [step, by])]);
}

const square = (b: GraphBuilder, x: string): string => b.emit('Mul', [x, x]);

/**
 * g / (sqrt(v) + eps) where PyTorch's form is asked for; g / sqrt(v + eps) in Keras's.
 *
 * @param by what the root is multiplied by before eps is added
 */
function normalised(
  { b, settings }: Update,
  g: string,
  mean: string,
  inside: boolean,
  by?: string,
): string {
  const { eps } = settings;
  if (inside) return b.emit('Div', [g, b.emit('Sqrt', [b.emit('Add', [mean, eps])])]);
  const root = b.emit('Sqrt', [mean]);
  const corrected = by === undefined ? root : b.emit('Mul', [root, by]);
  return b.emit('Div', [g, b.emit('Add', [corrected, eps])]);
}

const isKeras = ({ settings }: Update): boolean => settings.convention === 'keras';

/**
 * Adam. PyTorch: w - lr / c1 m / (sqrt(v / c2) + eps), c = 1 - beta^step; Keras moves eps inside the corrected step (the
 * "epsilon hat" form of the paper): w - lr sqrt(c2) / c1 m / (sqrt(v) + eps).
 */
function adam(update: Update): string {
  const { b, gradient, settings } = update;
  const [first, second] = settings.betas;
  const mean = update.state('first', (old) => average(b, old, gradient, first));
  const squares = update.state('second', (old) => average(b, old, square(b, gradient), second));
  const root = isKeras(update) ? undefined : update.scalar('root');
  return less(update, normalised(update, mean, squares, false, root), update.scalar('rate'));
}

const adamScalars: Optimizer['scalars'] = ({ betas, convention }, step, rate) => {
  const [first, second] = betas.map((beta) => 1 - beta ** step) as [number, number];
  if (convention === 'keras') return { rate: (rate * Math.sqrt(second)) / first };
  return { rate: rate / first, root: 1 / Math.sqrt(second) };
};

const ADAM = {
  pytorch: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8 },
  keras: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-7 },
} as const;

/** All optimisers, by id; each in PyTorch's form and in Keras's where that differs. */
export const OPTIMIZERS: Readonly<Record<OptimizerId, Optimizer>> = {
  sgd: {
    title: 'SGD',
    about: 'Against the gradient; with momentum, in the direction of its decaying sum.',
    defaults: { pytorch: { lr: 1e-2, momentum: 0 }, keras: { lr: 1e-2, momentum: 0 } },
    scalars: rateOnly,
    // PyTorch: m' = momentum m + g, w - lr m'; Keras: m' = momentum m - lr g, w + m': another path where the rate changes.
    write(update) {
      const { b, gradient: g, settings } = update;
      const { momentum, nesterov } = settings;
      const rate = update.scalar('rate');
      if (momentum === 0) return less(update, g, rate);
      const step = isKeras(update) ? b.emit('Mul', [g, rate]) : g;
      const kept = (old: string): string => b.emit('Mul', [old, momentum]);
      const moved = update.state('momentum', (old) => b.emit('Add', [kept(old), step]));
      const ahead = nesterov ? b.emit('Add', [step, kept(moved)]) : moved;
      return isKeras(update) ? b.emit('Sub', [update.weight, ahead]) : less(update, ahead, rate);
    },
  },
  adagrad: {
    title: 'Adagrad',
    about: 'Each weight by the root of the sum of its squared gradients (Duchi et al. 2011).',
    defaults: { pytorch: { lr: 1e-2, eps: 1e-10 }, keras: { lr: 1e-3, eps: 1e-7 } },
    scalars: rateOnly,
    write(update) {
      const { b, gradient } = update;
      const add = (old: string): string => b.emit('Add', [old, square(b, gradient)]);
      const sum = update.state('squares', add, isKeras(update) ? 0.1 : 0);
      const step = normalised(update, gradient, sum, isKeras(update));
      return less(update, step, update.scalar('rate'));
    },
  },
  adadelta: {
    title: 'Adadelta',
    about: 'Steps as long as the last ones were, by the size of the gradient (Zeiler 2012).',
    defaults: {
      pytorch: { lr: 1, alpha: 0.9, eps: 1e-6 },
      keras: { lr: 1e-3, alpha: 0.95, eps: 1e-7 },
    },
    scalars: rateOnly,
    write(update) {
      const { b, gradient, settings } = update;
      const { alpha, eps } = settings;
      const root = (of: string): string => b.emit('Sqrt', [b.emit('Add', [of, eps])]);
      const squares = update.state('squares', (old) => average(b, old, square(b, gradient), alpha));
      let step = '';
      update.state('steps', (old) => {
        const length = b.emit('Div', [root(old), root(squares)]);
        step = b.emit('Mul', [length, gradient]);
        return average(b, old, square(b, step), alpha);
      });
      return less(update, step, update.scalar('rate'));
    },
  },
  rmsprop: {
    title: 'RMSprop',
    about:
      'Each weight by the root of the mean of its squared gradients (Tieleman and Hinton 2012).',
    defaults: {
      pytorch: { lr: 1e-2, alpha: 0.99, eps: 1e-8, momentum: 0 },
      keras: { lr: 1e-3, alpha: 0.9, eps: 1e-7, momentum: 0 },
    },
    scalars: rateOnly,
    write(update) {
      const { b, gradient, settings } = update;
      const { alpha, momentum } = settings;
      const squares = update.state('squares', (old) => average(b, old, square(b, gradient), alpha));
      const step = normalised(update, gradient, squares, isKeras(update));
      const rate = update.scalar('rate');
      if (momentum === 0) return less(update, step, rate);
      const by = isKeras(update) ? b.emit('Mul', [step, rate]) : step;
      const moved = update.state('momentum', (old) =>
        b.emit('Add', [b.emit('Mul', [old, momentum]), by]),
      );
      return isKeras(update) ? b.emit('Sub', [update.weight, moved]) : less(update, moved, rate);
    },
  },
  adam: {
    title: 'Adam',
    about: 'The mean gradient by the root of the mean square (Kingma and Ba 2015).',
    defaults: ADAM,
    scalars: adamScalars,
    write: adam,
  },
  adamw: {
    title: 'AdamW',
    about: 'Adam, with weights that shrink by themselves (Loshchilov and Hutter 2019).',
    defaults: {
      pytorch: { ...ADAM.pytorch, weightDecay: 0.01 },
      keras: { ...ADAM.keras, weightDecay: 0.004 },
    },
    scalars: (settings, step, rate) => ({
      ...adamScalars(settings, step, rate),
      shrink: 1 - rate * settings.weightDecay,
    }),
    write(update) {
      const { b, weight } = update;
      return adam({ ...update, weight: b.emit('Mul', [weight, update.scalar('shrink')]) });
    },
  },
};

/**
 * An optimiser with the defaults of its convention.
 *
 * @param settings as it was chosen
 */
export function numbersOf(settings: OptimizerSettings): Numbers {
  const { convention = 'pytorch' } = settings;
  const said = Object.fromEntries(Object.entries(settings).filter(([, v]) => v !== undefined));
  return {
    ...{ momentum: 0, nesterov: false, alpha: 0, betas: [0, 0], eps: 0, weightDecay: 0 },
    ...OPTIMIZERS[settings.kind].defaults[convention],
    ...said,
    convention,
  } as Numbers;
}
