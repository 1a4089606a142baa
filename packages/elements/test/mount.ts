import type { LitElement } from 'lit';
import { onTestFinished } from 'vitest';

/** Puts an element on the page until the test is over. */
export async function mount<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  properties: Partial<HTMLElementTagNameMap[T]> = {},
  style = '',
): Promise<HTMLElementTagNameMap[T] & LitElement> {
  const element = document.createElement(tag) as HTMLElementTagNameMap[T] & LitElement;
  element.style.cssText = style;
  Object.assign(element, properties);
  document.body.append(element);
  onTestFinished(() => element.remove());
  await element.updateComplete;
  return element;
}
