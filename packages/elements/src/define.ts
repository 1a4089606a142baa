/**
 * Registers an element unless its name is taken already: two copies of the library on one page must not throw.
 *
 * @param tag name of the element
 * @param type its class
 */
export function define(tag: string, type: CustomElementConstructor): void {
  if (customElements.get(tag) === undefined) customElements.define(tag, type);
}
