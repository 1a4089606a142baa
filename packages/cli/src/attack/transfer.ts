import { transferMatrix } from '@convlens/core';
import { parse, UsageError } from '../arguments.js';
import { imageFiles, Output } from '../files.js';
import { ATTACK_OPTIONS, labelled, methodsOf, settingsOf, subjectOf } from './asked.js';

/** `convlens attack transfer`: whether what fools one network fools the others. */
export async function attackTransfer(args: readonly string[]): Promise<string> {
  const given = parse(args, ATTACK_OPTIONS, true);
  const [method, more] = methodsOf(given, 'mi-fgsm');
  if (more) throw new UsageError('--attack is given once');
  given.needed('image');
  const folder = given.needed('out');
  const settings = settingsOf(given);
  const seed = given.count('seed') ?? 0;
  const models = [given.model, ...given.rest];
  if (models.length < 2) throw new UsageError('give two networks or more to compare');
  const files = imageFiles(given.list('image'));
  const subjects = [];
  const networks = [];
  for (const model of models) {
    const subject = await subjectOf(given, model);
    const { network, attacked: classifier } = subject;
    const { classes, title } = network;
    const pictures = await labelled(subject, given, files);
    subjects.push(subject);
    networks.push({ title, classifier, ...(classes && { classes }), ...pictures });
  }
  const rows = await transferMatrix(networks, { method: method!.id, settings, seed });
  for (const subject of subjects) await subject.dispose();

  const output = new Output(folder);
  const titles = networks.map(({ title }) => title);
  const quoted = titles.map((title) => `"${title.replaceAll('"', '""')}"`);
  output.csv('transfer', [
    ['made for / asked of', ...quoted],
    ...rows.map((row, at) => [quoted[at]!, ...row.map(({ rate }) => rate ?? '')]),
  ]);
  output.json('transfer', {
    ...{ networks: titles, attack: method!.id, settings, seed },
    images: files,
    rows,
  });
  const lines = rows.flatMap((row, from) =>
    row.map(({ compared, fooled, notes }, to) => {
      const more = notes.length > 0 ? `. ${notes.join(' ')}` : '';
      return `${titles[from]!} -> ${titles[to]!}: ${fooled} of ${compared} fooled${more}`;
    }),
  );
  return [...lines, ...output.written].join('\n');
}
