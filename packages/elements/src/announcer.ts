let region: HTMLElement | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/**
 * Says something to screen readers, politely and once: one live region for all elements of a page, and what comes
 * in quick succession is said as its last state only.
 *
 * @param text one short sentence
 */
export function announce(text: string): void {
  if (!region) {
    region = document.createElement('div');
    region.setAttribute('role', 'status');
    region.style.cssText =
      'position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap';
    document.body.append(region);
  }
  clearTimeout(timer);
  timer = setTimeout(() => {
    region!.textContent = text;
  }, 150);
}
