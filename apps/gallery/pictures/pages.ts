import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { marked } from 'marked';

/**
 * The pages about the techniques, made from their Markdown.
 *
 * @param folder with the Markdown files
 * @param styles contents of the style sheet
 * @returns pages by file name
 */
export function renderPages(folder: string, styles: string): Map<string, string> {
  const pages = new Map<string, string>();
  for (const file of readdirSync(folder)) {
    if (!file.endsWith('.md')) continue;
    const text = readFileSync(join(folder, file), 'utf8');
    const title = /^# (.+)$/m.exec(text)?.[1] ?? file;
    pages.set(
      file.replace(/\.md$/, '.html'),
      `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title} · Convlens</title>
    <style>
${styles}
main { max-width: 70ch; margin: 0 auto; padding: 24px 20px 64px; }
    </style>
  </head>
  <body>
    <main>
      <p>
        <a href="../">Convlens</a> · <a href="../filter-viewer/">Filter viewer</a> ·
        <a href="../dream-studio/">Dream studio</a> · <a href="../adversarial-lab/">Adversarial lab</a> ·
        <a href="../bench/">Backend bench</a>
      </p>
      ${marked.parse(text, { async: false })}
    </main>
  </body>
</html>
`,
    );
  }
  return pages;
}
