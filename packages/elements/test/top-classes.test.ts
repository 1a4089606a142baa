import { expect, it } from 'vitest';
import '../src/top-classes.js';
import { mount } from './mount.js';

const scores = [
  { index: 2, logit: 3, probability: 0.75 },
  { index: 0, logit: 1.7, probability: 0.2 },
];

it('names classes with their probabilities, and counts those without a name', async () => {
  const element = await mount('lens-top-classes', { scores, names: ['cat', 'dog'] });
  const list = element.renderRoot.querySelector('ol')!;
  expect(list.ariaLabel).toBe('Most probable classes');
  const [first, second] = list.querySelectorAll('li');
  expect(first!.textContent).toContain('class 2');
  expect(first!.textContent).toMatch(/75(\.0)?\s?%/);
  expect(second!.textContent).toContain('cat');
});

it('says what changed, in points', async () => {
  const element = await mount('lens-top-classes', { scores, was: [0.5, 0.1, 0.4] });
  const changes = [...element.renderRoot.querySelectorAll('.was')].map((was) => was.textContent);
  expect(changes.map((text) => text.trim())).toEqual(['+35', '−30']);
});
