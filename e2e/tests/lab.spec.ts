import { readPng, writePng } from '@convlens/data/png';
import { COMBINATIONS, expectAccessible, tagOf } from '../support/accessibility.js';
import { expect, labOn, test } from '../support/lab.js';

const teapot = 'attack=pgd&target=67&set=steps:20';

test('opens on a network that is fooled, and says so in words, bars and numbers', async ({
  lab,
  page,
}) => {
  const long: number[] = [];
  await page.exposeFunction('stalled', (ms: number) => void long.push(ms));
  await page.addInitScript(() => {
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        void (globalThis as unknown as { stalled: (ms: number) => void }).stalled(duration);
      }
    }).observe({ entryTypes: ['longtask'] });
  });
  await lab.open();
  await expect(lab.verdict).toHaveText('Fooled: lemon → teapot, still as a PNG', {
    timeout: 120_000,
  });
  await expect(lab.before.first()).toContainText('lemon');
  await expect(lab.after.first()).toContainText('teapot');
  await expect(lab.after.filter({ hasText: 'lemon' })).toContainText('−');
  await expect(page.locator('.measures')).toContainText('8/255');
  await expect(page.locator('.measures')).toContainText('20 gradients');
  await expect(page.locator('figure.change')).toContainText(/\d+ times enlarged/);
  expect(await lab.picture('result')).not.toEqual(await lab.picture('original'));
  await expect(lab.panel).toContainText('layer4.1.relu: the channels that change most', {
    timeout: 90_000,
  });
  console.info(`long tasks: ${long.map((ms) => ms.toFixed(0)).join(', ') || 'none'}`);
  await lab.shot('lab');
});

test('the saved PNG, loaded again, still fools the network', async ({ lab, page, browser }) => {
  await lab.open(teapot);
  await lab.done();
  const { name, bytes } = await lab.save('PNG that the network is shown');
  expect(name).toBe('resnet18-lemon-pgd.png');
  const { width, height } = readPng(bytes);
  expect([width, height]).toEqual([64, 64]);
  const other = labOn(await browser.newPage(), lab);
  await other.open('attack=fgsm&set=eps:0/255');
  await other.done();
  await expect(other.before.first()).toContainText('lemon');
  await other.chooseFile('Photo…', { name, mimeType: 'image/png', buffer: bytes });
  await expect(other.page.locator('.banner')).toContainText('made here, to fool ResNet-18');
  await expect(other.before.first()).toContainText('teapot');
  await expect(other.before.first()).toContainText(
    await lab.after
      .first()
      .innerText()
      .then((t) => /[\d.]+ %/.exec(t)![0]),
  );
  // An image of just the size of the input can be attacked again, and again.
  await other.button('One step').click();
  await other.done();
  await other.button('Attack again').click();
  await other.done();
  await expect(other.page.getByRole('alert')).toHaveCount(0);
  // Dropped as a recipe, the same file makes the attack again.
  await other.open('image=espresso&attack=fgsm');
  await other.done();
  await other.chooseFile('Recipe…', { name, mimeType: 'image/png', buffer: bytes });
  await expect(other.verdict).toHaveText('Fooled: lemon → teapot, still as a PNG', {
    timeout: 90_000,
  });
  expect(await other.picture('result')).toEqual(await lab.picture('result'));
  await other.page.close();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('film, change, measurements and recipe can be kept', async ({ lab }) => {
  await lab.open(teapot);
  await lab.done();
  const gif = await lab.save('GIF of the attack');
  expect(gif.name).toMatch(/\.gif$/);
  expect(gif.bytes.subarray(0, 6).toString()).toBe('GIF89a');
  // Frames carry a graphic control extension each: the original, twenty steps, and the end for a while.
  const frames = gif.bytes.toString('latin1').split('\x21\xf9\x04').length - 1;
  expect(frames).toBeGreaterThanOrEqual(20);
  const csv = (await lab.save('Measurements as CSV')).bytes.toString().split('\n');
  expect(csv).toHaveLength(2);
  const row = new Map(csv[0]!.split(',').map((key, i) => [key, csv[1]!.split(',')[i]]));
  expect(row.get('after')).toBe('teapot');
  expect(Number(row.get('linf'))).toBeCloseTo(8 / 255, 4);
  const recipe = JSON.parse((await lab.save('Recipe (JSON)')).bytes.toString()) as Record<
    string,
    unknown
  >;
  expect(recipe).toMatchObject({ network: 'resnet18', attack: 'pgd', target: 67, seed: 1 });
  expect((await lab.save('PNG of the change')).name).toMatch(/change-x\d+\.png$/);
});

test('a link makes the same attack again, to the bit', async ({ lab, page, browser }) => {
  await lab.open();
  await lab.done();
  await lab.button('Hard to see').click();
  await expect(lab.verdict).toHaveText(/^(Fooled|Not fooled)/, { timeout: 90_000 });
  await page.getByLabel('Defence', { exact: true }).selectOption('Bit depth');
  await page.getByLabel('The attack knows of it').check();
  await expect.poll(() => page.url()).toContain('knows=yes');
  await lab.done();
  await expect(page.locator('.behind')).toBeVisible();
  const words = await lab.verdict.innerText();
  const other = labOn(await browser.newPage(), lab);
  await other.page.goto(page.url());
  await expect(other.verdict).toHaveText(words, { timeout: 120_000 });
  expect(await other.picture('result')).toEqual(await lab.picture('result'));
  await other.page.close();
});

test('stops at once and keeps the last picture; the keyboard does it too', async ({
  lab,
  page,
}) => {
  await lab.open('attack=pgd&set=steps:5000,eps:1/255');
  await expect(lab.verdict).toHaveText('Attacking…');
  await expect(page.locator('.verdict p')).toContainText(/step \d+ of 5000/, { timeout: 90_000 });
  await lab.button('Stop').click();
  await expect(lab.verdict).toHaveText('Stopped');
  const [, step] = /step (\d+) of 5000/.exec(await page.locator('.verdict p').innerText())!;
  expect(Number(step)).toBeLessThan(5000);
  expect(new Set(await lab.picture('result')).size).toBeGreaterThan(50);
  await lab.verdict.click();
  await page.keyboard.press(' ');
  await expect(lab.verdict).toHaveText('Attacking…');
  await page.keyboard.press('Escape');
  await expect(lab.verdict).toHaveText('Stopped');
  // The worker is free again: another attack is done.
  await lab.button('One step').click();
  await lab.done();
});

test('tabs are walked by arrows, and the slider by keys', async ({ lab, page }) => {
  await lab.open('attack=fgsm');
  await lab.done();
  await lab.tab('Where they part').focus();
  await page.keyboard.press('ArrowRight');
  await expect(lab.tab('Decision surface')).toBeFocused();
  await expect(lab.tab('Decision surface')).toHaveAttribute('aria-selected', 'true');
  await expect(lab.panel.getByRole('list', { name: 'Classes' })).toBeVisible({ timeout: 120_000 });
  expect(page.url()).toContain('tab=plane');
  await page.getByLabel('Epsilon', { exact: true }).focus();
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => decodeURIComponent(page.url())).toContain('eps:8.5/255');
  await expect(page.locator('.measures')).toContainText('8/255');
});

test('what cannot be done is said, and nothing is lost', async ({ lab, page }) => {
  await lab.open(teapot);
  await lab.done();
  const shown = await lab.picture('result');
  const kept = async (code: string, words: RegExp): Promise<void> => {
    await expect(lab.problem).toHaveAttribute('data-code', code);
    await expect(lab.problem).toContainText(words);
    expect(await lab.picture('result')).toEqual(shown);
    await expect(lab.verdict).toHaveText('Fooled: lemon → teapot, still as a PNG');
    await lab.problem.getByRole('button', { name: 'Close' }).click();
    await expect(lab.problem).toHaveCount(0);
  };
  const file = (name: string, mimeType: string, content: string | Uint8Array) => ({
    name,
    mimeType,
    buffer: Buffer.from(content),
  });
  await lab.chooseFile('Photo…', file('a.png', 'image/png', 'not a picture'));
  await kept('E_IMAGE', /cannot read/);
  await lab.chooseFile('Your ONNX…', file('a.onnx', 'application/octet-stream', '<!doctype html>'));
  await kept('E_ONNX_NOT_ONNX', /HTML/);
  await lab.chooseFile('Recipe…', file('a.json', 'application/json', '{"convlensAttack": 1}'));
  await kept('E_RECIPE', /expected the names of a network and an image/);
  const blank = writePng({ width: 2, height: 2, data: new Uint8Array(16).fill(255) });
  await lab.chooseFile('Recipe…', file('a.png', 'image/png', blank));
  await kept('E_RECIPE', /was not saved by it/);
  await page.getByLabel('Network', { exact: true }).selectOption('VGG-11');
  await lab.done();
  await expect(lab.before.first()).not.toBeEmpty();
});

test('a robustness curve: progress, cancel, and the robust network falls later', async ({
  lab,
}) => {
  test.setTimeout(600_000);
  await lab.open('attack=fgsm&tab=curve');
  await lab.done();
  const measure = lab.panel.getByRole('button', { name: 'Measure' });
  await measure.click();
  await expect(lab.panel.getByRole('status')).toContainText(/\d+ % of \d+ points/, {
    timeout: 90_000,
  });
  await lab.panel.getByRole('button', { name: 'Stop' }).click();
  await expect(measure).toBeVisible();
  await measure.click();
  await lab.panelDone(200_000);
  const csv = (await lab.saveFromPanel('CSV')).toString().split('\n').slice(1);
  const accuracy = (network: string, attack: string, eps: number): number => {
    const row = csv.find((line) => {
      // Titles with a comma are quoted.
      const cells = line
        .replace(/"([^"]*)"/, (_, title: string) => title.replace(',', ' '))
        .split(',');
      return cells[0] === network && cells[1] === attack && Math.abs(Number(cells[3]) - eps) < 1e-9;
    });
    return Number(row!.replace(/"[^"]*"/, '').split(',')[4]);
  };
  expect(accuracy('ResNet-18', 'PGD', 0)).toBeGreaterThan(0.9);
  expect(accuracy('ResNet-18', 'PGD', 8 / 255)).toBe(0);
  expect(accuracy('ResNet-18', 'PGD', 4 / 255)).toBeLessThanOrEqual(
    accuracy('ResNet-18', 'FGSM', 4 / 255),
  );
  const robust = 'ResNet-18  adversarially trained';
  expect(accuracy(robust, 'PGD', 8 / 255)).toBeGreaterThan(0.3);
  await expect(lab.panel.getByRole('img', { name: /Accuracy over epsilon/ })).toBeVisible();
  await lab.shot('lab-curve');
});

test('what it looks at, fooling images, other networks', async ({ lab, page }) => {
  test.setTimeout(600_000);
  await lab.open(`${teapot}&tab=look`);
  await lab.done();
  await expect(lab.panel.getByRole('img', { name: 'Grad-CAM of Result: teapot' })).toBeVisible({
    timeout: 120_000,
  });
  await lab.tab('Transfer').click();
  await lab.panel.getByRole('button', { name: 'Show the result to all' }).click();
  await expect(lab.panel.getByRole('row', { name: /^ResNet-18 lemon teapot/ })).toContainText(
    'fooled',
    { timeout: 120_000 },
  );
  await lab.tab('Fooling images').click();
  await lab.panel.getByRole('button', { name: 'By gradient, from noise' }).click();
  await lab.panelDone();
  await expect(lab.panel.locator('figcaption:visible').first()).toContainText(
    /goldfish: (99\.[6-9]|> 99\.9) %/,
  );
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test(
  'a defence that only stops the plain attack stops nothing',
  { tag: '@full' },
  async ({ lab, page }) => {
    test.setTimeout(600_000);
    await lab.open('attack=fgsm&tab=defences');
    await lab.done();
    await lab.panel.getByLabel('Defence').selectOption('Median');
    await lab.panel.getByRole('button', { name: 'Measure' }).click();
    await lab.panelDone(200_000);
    const cells = async (name: RegExp): Promise<number[]> => {
      const row = lab.panel.getByRole('row', { name });
      return (await row.getByRole('cell').allInnerTexts()).map((text) => Number.parseInt(text));
    };
    const [plain, adaptive] = [await cells(/^Plain/), await cells(/^Adaptive/)];
    expect(plain).toHaveLength(2);
    plain.forEach((part, i) => expect(adaptive[i]).toBeGreaterThanOrEqual(part));
    expect(Math.max(...adaptive.map((part, i) => part - plain[i]!))).toBeGreaterThan(20);
    await expect(page.getByRole('alert')).toHaveCount(0);
  },
);

for (const [scheme, width] of COMBINATIONS) {
  test(
    `axe finds nothing in the lab at ${width} px, ${scheme}`,
    { tag: tagOf(width, scheme) },
    async ({ lab, page }) => {
      test.setTimeout(600_000);
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 900 });
      await lab.open(teapot);
      await lab.done();
      await expect(lab.panel.getByRole('list', { name: 'Channels' })).toBeVisible({
        timeout: 90_000,
      });
      await page.locator('.setup summary').click();
      await expectAccessible(page);
      await lab.shot(`lab-${width}-${scheme}`);
      await page.getByLabel('Defence', { exact: true }).selectOption('Blur');
      await lab.done();
      for (const tab of [
        ...['Decision surface', 'What it looks at', 'Robustness', 'Transfer', 'Defences'],
        ...['Fooling images', 'One for all', 'Patch', 'Standard and robust'],
      ]) {
        await lab.tab(tab).click();
        await lab.panelDone();
        await expect(lab.panel.locator('.about:visible')).toBeVisible();
        await expectAccessible(page);
      }
    },
  );
}
