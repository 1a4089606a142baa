import { html, type TemplateResult } from 'lit';

/** Presses the file input beside a button. */
const press = (event: Event): void => {
  const button = event.currentTarget as HTMLElement;
  (button.nextElementSibling as HTMLInputElement).click();
};

/**
 * A button that asks for files. The same files can be chosen again afterwards.
 *
 * @param title on the button
 * @param label of the input, for screen readers
 * @param take given the files
 * @param options which files, whether several, or a whole folder
 */
export function fileButton(
  title: string,
  label: string,
  take: (files: readonly File[]) => void,
  options: {
    readonly accept?: string;
    readonly multiple?: boolean;
    readonly folder?: boolean;
  } = {},
): TemplateResult {
  const { accept = '', multiple = false, folder = false } = options;
  return html`<button @click=${press}>${title}</button>
    <input
      type="file"
      hidden
      .multiple=${multiple}
      ?webkitdirectory=${folder}
      accept=${accept}
      aria-label=${label}
      @change=${(event: Event) => {
        const input = event.target as HTMLInputElement;
        const files = [...(input.files ?? [])];
        input.value = '';
        if (files.length > 0) take(files);
      }}
    />`;
}
