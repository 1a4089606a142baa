/**
 * Copies the address of the page with another hash.
 *
 * @param hash of the view
 * @param opens what it does, as the end of "It …"
 * @returns what came of it, in words
 */
export async function copyLink(hash: string, opens: string): Promise<string> {
  const url = new URL(location.href);
  url.hash = hash;
  try {
    await navigator.clipboard.writeText(url.href);
    return `The link is in the clipboard. It ${opens}; your own pictures and files stay with you.`;
  } catch {
    return `The browser did not allow copying. The link: ${url.href}`;
  }
}
