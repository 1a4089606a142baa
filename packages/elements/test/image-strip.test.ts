import { beforeEach, describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { ImageSelectEvent } from '../src/events.js';
import type { LensImageStrip } from '../src/image-strip.js';
import '../src/image-strip.js';
import { mount } from './mount.js';

const PIXEL = 'data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==';

describe('where an image comes from', () => {
  let strip: LensImageStrip;
  let choices: ImageSelectEvent['choice'][];

  beforeEach(async () => {
    strip = await mount('lens-image-strip', {
      samples: [
        { id: 'lemon', title: 'Lemon', file: PIXEL },
        { id: 'owl', title: 'Owl', file: PIXEL },
      ],
      selected: 'owl',
    });
    choices = [];
    strip.addEventListener('lens-image-select', (event: ImageSelectEvent) => {
      choices.push(event.choice);
    });
  });

  it('a sample, by its name', async () => {
    const group = page.getByRole('group', { name: 'Sample pictures' });
    expect(group.getByRole('button', { pressed: true }).element()).toHaveProperty('title', 'Owl');
    await group.getByRole('button', { name: 'Lemon' }).click();
    expect(choices).toEqual([{ kind: 'sample', id: 'lemon' }]);
  });

  it('a file, the same one again too', async () => {
    const photo = new File(['pixels'], 'me.png', { type: 'image/png' });
    const input = page.getByLabelText('Image file');
    await userEvent.upload(input, photo);
    await userEvent.upload(input, photo);
    expect(choices).toMatchObject([
      { kind: 'file', name: 'me.png' },
      { kind: 'file', name: 'me.png' },
    ]);
  });

  it('an address, asked for when it is wanted', async () => {
    const link = page.getByRole('button', { name: 'Link…' });
    await expect.element(link).toHaveAttribute('aria-expanded', 'false');
    await link.click();
    await expect.element(link).toHaveAttribute('aria-expanded', 'true');
    const address = page.getByLabelText('Address of an image');
    await userEvent.fill(address, 'owl');
    await userEvent.keyboard('{Enter}');
    // Not an address: the browser says so, and nothing is opened.
    expect(choices).toEqual([]);
    await userEvent.fill(address, 'https://example.org/owl.png');
    await userEvent.keyboard('{Enter}');
    expect(choices).toEqual([{ kind: 'url', url: 'https://example.org/owl.png' }]);
    await expect.element(link).toHaveAttribute('aria-expanded', 'false');
  });

  it('the camera, where a moving picture makes sense', async () => {
    const camera = page.getByRole('button', { name: 'Camera' });
    await camera.click();
    expect(choices).toEqual([{ kind: 'camera' }]);
    strip.camera = true;
    await expect
      .element(page.getByRole('button', { name: 'Stop camera' }))
      .toHaveAttribute('aria-pressed', 'true');
    strip.still = true;
    await strip.updateComplete;
    expect(page.getByRole('button', { name: 'Stop camera' }).query()).toBeNull();
  });
});
