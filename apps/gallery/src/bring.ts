/**
 * Fetches the script of an element; where it cannot be had, the elements of that name on the page say so.
 *
 * @param tag name of the element
 * @param load imports its script
 */
export async function bring(tag: string, load: () => Promise<unknown>): Promise<void> {
  try {
    await load();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    for (const element of document.querySelectorAll(tag)) explain(element, reason);
  }
}

function explain(element: Element, reason: string): void {
  const words = document.createElement('p');
  words.setAttribute('role', 'alert');
  words.dataset.code = 'E_ELEMENT';
  words.textContent = `This part of the page could not be loaded (${reason}). Check the connection and reload the page. `;
  const again = document.createElement('button');
  again.textContent = 'Reload the page';
  // A script that has failed once is not fetched again in the life of a page.
  again.addEventListener('click', () => location.reload());
  words.append(again);
  element.replaceChildren(words);
}
