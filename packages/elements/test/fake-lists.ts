import { vi } from 'vitest';

/** What a page finds beside itself: two networks, three pictures, two classes. */
const FILES: Readonly<Record<string, unknown>> = {
  'manifest.json': {
    networks: ['alexnet', 'vgg11'].map((id) => ({
      id,
      title: id.toUpperCase(),
      file: `${id}.onnx`,
      labels: 'labels.txt',
      sha256: '',
      bytes: 1,
    })),
  },
  'samples.json': [
    { id: 'lemon', title: 'Lemon', file: 'lemon.png' },
    { id: 'owl', title: 'Owl', file: 'owl.png' },
    { id: 'lighthouse', title: 'Lighthouse', file: 'lighthouse.png' },
  ],
  'labels.txt': 'cat\ndog\n',
};

async function picture(): Promise<Blob> {
  const canvas = new OffscreenCanvas(8, 8);
  canvas.getContext('2d')!.fillRect(0, 0, 8, 8);
  return canvas.convertToBlob();
}

/** Answers instead of the server of a page, until `vi.unstubAllGlobals`. */
export function stubLists(): void {
  vi.stubGlobal('fetch', async (url: string) => {
    const name = new URL(url, location.href).pathname.split('/').at(-1)!;
    if (name.endsWith('.png')) return new Response(await picture());
    const found = FILES[name];
    const text = typeof found === 'string' ? found : JSON.stringify(found);
    return found ? new Response(text) : new Response('', { status: 404 });
  });
}
