import { html, LitElement, type TemplateResult } from 'lit';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { AppController, type AppModel } from '../src/app-controller.js';
import { index, oneOf, text, type LinkSchema } from '../src/link-state.js';
import type { WorkbenchPlace } from '../src/workbench.js';

interface State {
  network: string;
  view: 'kernels' | 'maps';
  channel: number | undefined;
}

const TABLE: LinkSchema<State> = {
  network: text('alexnet'),
  view: oneOf(['kernels', 'maps'], 'kernels'),
  channel: index(),
};

/** A model that opens nothing and remembers what it was told. */
class FakeModel implements AppModel<State> {
  readonly state: State;
  readonly isSettled = true;
  readonly apply = vi.fn((change: Partial<State>) => {
    Object.assign(this.state, change);
    this.#changed();
  });
  readonly open = vi.fn<(given: ReadonlySet<string>) => void>();
  readonly onKey = vi.fn((event: KeyboardEvent) => event.key === 'j');
  readonly takeFiles = vi.fn<(names: readonly string[]) => void>();
  isOver = false;
  readonly #changed: () => void;

  constructor({ state, changed }: WorkbenchPlace<State>) {
    this.state = state;
    this.#changed = changed;
    models.push(this);
  }

  [Symbol.dispose](): void {
    this.isOver = true;
  }
}

const models: FakeModel[] = [];

/** The last model that was made. */
const model = (): FakeModel | undefined => models.at(-1);

class TestApp extends LitElement {
  static override properties = {
    network: {},
    view: {},
    channel: { type: Number },
    link: { type: Boolean },
  };

  declare network: string | undefined;
  declare view: string | undefined;
  declare channel: number | undefined;
  declare link: boolean;

  constructor() {
    super();
    this.link = false;
    new AppController<State, FakeModel>(this, {
      schema: TABLE,
      attributes: ['network', 'view', 'channel'],
      make: (place) => new FakeModel(place),
      onKey: (event, made) => made.onKey(event),
      takeFiles: (made, files) => made.takeFiles(files.map(({ name }) => name)),
    });
  }

  protected override render(): TemplateResult {
    return html`<button>Inside</button>`;
  }
}

/** Puts markup on the page until the test is over; the app in it. */
function show(markup: string): TestApp {
  const place = document.createElement('div');
  place.innerHTML = markup;
  document.body.append(place);
  onTestFinished(() => place.remove());
  return place.querySelector<TestApp>('test-app')!;
}

const begun = (): Promise<FakeModel> => vi.waitFor(() => model() ?? Promise.reject(new Error()));

function paste(target: Element): ClipboardEvent {
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File(['pixels'], 'owl.png', { type: 'image/png' }));
  const event = new ClipboardEvent('paste', {
    clipboardData,
    bubbles: true,
    composed: true,
    cancelable: true,
  });
  target.dispatchEvent(event);
  return event;
}

let early: { attribute: TestApp; property: TestApp };

beforeAll(() => {
  // As a page and a framework do before the definition has arrived.
  const attribute = document.createElement('test-app') as TestApp;
  attribute.setAttribute('network', 'vgg11');
  const property = document.createElement('test-app') as TestApp;
  Object.assign(property, { network: 'vgg16', channel: 3 });
  early = { attribute, property };
  customElements.define('test-app', TestApp);
});

beforeEach(() => {
  models.length = 0;
  history.replaceState(null, '', '#');
});

describe('what a page sets', () => {
  it.each([
    ['an attribute', 'attribute', { network: 'vgg11', channel: undefined }, ['network']],
    ['a property', 'property', { network: 'vgg16', channel: 3 }, ['network', 'channel']],
  ] as const)('before the definition, as %s, counts', async (_, which, state, given) => {
    const app = early[which];
    document.body.append(app);
    onTestFinished(() => app.remove());
    const made = await begun();
    expect(made.state).toMatchObject({ view: 'kernels', ...state });
    expect(made.open).toHaveBeenCalledExactlyOnceWith(new Set(given));
  });

  it('later is followed, once', async () => {
    const app = show('<test-app network="vgg11"></test-app>');
    const made = await begun();
    app.setAttribute('view', 'maps');
    app.channel = 5;
    await vi.waitFor(() => expect(made.apply).toHaveBeenCalledWith({ view: 'maps', channel: 5 }));
    await app.updateComplete;
    app.requestUpdate();
    await app.updateComplete;
    expect(made.apply).toHaveBeenCalledOnce();
  });

  it('and makes no sense is passed over', async () => {
    show('<test-app view="sideways"></test-app>');
    expect((await begun()).state.view).toBe('kernels');
  });
});

describe('an element that is removed', () => {
  it('gives its model back, and shows what was chosen when it is added again', async () => {
    const app = show('<test-app network="vgg11"></test-app>');
    const first = await begun();
    first.apply({ network: 'resnet18', channel: 7 });
    const place = app.parentElement!;
    app.remove();
    expect(first.isOver).toBe(true);
    place.append(app);
    await vi.waitFor(() => expect(models).toHaveLength(2));
    expect(model()!.state).toMatchObject({ network: 'resnet18', channel: 7 });
  });

  it('follows what was set meanwhile', async () => {
    const app = show('<test-app network="vgg11"></test-app>');
    await begun();
    const place = app.parentElement!;
    app.remove();
    app.network = 'vgg16';
    place.append(app);
    await vi.waitFor(() => expect(models).toHaveLength(2));
    expect(model()!.state.network).toBe('vgg16');
  });
});

describe('keys and pastes', () => {
  it('are the app’s inside it, and the page’s outside', async () => {
    const app = show('<button id="outside">Outside</button><test-app></test-app>');
    const made = await begun();
    app.parentElement!.querySelector<HTMLElement>('#outside')!.focus();
    await userEvent.keyboard('j');
    expect(made.onKey).not.toHaveBeenCalled();
    const elsewhere = paste(document.querySelector('#outside')!);
    expect(elsewhere.defaultPrevented).toBe(false);
    const inside = app.shadowRoot!.querySelector('button')!;
    inside.focus();
    await userEvent.keyboard('j');
    expect(made.onKey).toHaveBeenCalledOnce();
    expect(paste(inside).defaultPrevented).toBe(true);
    expect(made.takeFiles).toHaveBeenCalledExactlyOnceWith(['owl.png']);
  });

  it('are the app’s everywhere on a page of its own, but not where a person writes', async () => {
    const app = show('<textarea></textarea><test-app link></test-app>');
    const made = await begun();
    expect(paste(app.parentElement!.querySelector('textarea')!).defaultPrevented).toBe(false);
    expect(made.takeFiles).not.toHaveBeenCalled();
    expect(paste(document.body).defaultPrevented).toBe(true);
    expect(made.takeFiles).toHaveBeenCalledOnce();
    await userEvent.keyboard('j');
    expect(made.onKey).toHaveBeenCalledOnce();
  });

  it('are the browser’s with a modifier', async () => {
    const app = show('<test-app></test-app>');
    const made = await begun();
    app.shadowRoot!.querySelector('button')!.focus();
    await userEvent.keyboard('{Control>}j{/Control}');
    expect(made.onKey).not.toHaveBeenCalled();
  });

  it('are nobody’s once the element is removed', async () => {
    const app = show('<test-app link></test-app>');
    const made = await begun();
    app.remove();
    expect(paste(document.body).defaultPrevented).toBe(false);
    expect(made.takeFiles).not.toHaveBeenCalled();
  });
});

describe('the address of the page', () => {
  it('is the page’s own on another’s page', async () => {
    history.replaceState(null, '', '#network=vgg16');
    show('<test-app network="vgg11"></test-app>');
    expect((await begun()).state.network).toBe('vgg11');
    expect(location.hash).toBe('#network=vgg16');
  });

  it('says what is chosen, counts before attributes, and is followed', async () => {
    history.replaceState(null, '', '#v=1&network=vgg16');
    const app = show('<test-app link network="vgg11" view="maps"></test-app>');
    const made = await begun();
    expect(made.state).toMatchObject({ network: 'vgg16', view: 'maps' });
    await app.updateComplete;
    expect(location.hash).toBe('#v=1&network=vgg16&view=maps');
    location.hash = '#v=1&network=resnet18&view=maps';
    await vi.waitFor(() => expect(made.apply).toHaveBeenCalledWith({ network: 'resnet18' }));
  });
});

it('opens nothing before it is seen', async () => {
  const app = show('<div style="height: 5000px"></div><test-app></test-app>');
  // An observer that is made later hears later: the app has been told by then that it is out of sight.
  await new Promise<void>((told) => new IntersectionObserver(() => told()).observe(app));
  await app.updateComplete;
  expect(models).toHaveLength(0);
  app.scrollIntoView();
  await begun();
});
