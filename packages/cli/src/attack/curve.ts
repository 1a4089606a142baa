import { robustnessCurves, type AttackMethod, type Settings, settingOf } from '@convlens/core';
import { parse, UsageError } from '../arguments.js';
import { imageFiles, Output } from '../files.js';
import {
  ATTACK_OPTIONS,
  DEFENCE_OPTIONS,
  labelled,
  methodsOf,
  settingsOf,
  subjectOf,
} from './asked.js';

/** Radii where none are given. */
const EPSILONS = { linf: [1, 2, 4, 8, 16].map((level) => level / 255), l2: [0.25, 0.5, 1, 2, 4] };

/** `convlens attack curve`: accuracy over epsilon. */
export async function attackCurve(args: readonly string[]): Promise<string> {
  const given = parse(args, { ...ATTACK_OPTIONS, ...DEFENCE_OPTIONS }, true);
  const methods = methodsOf(given, 'pgd');
  given.needed('image');
  const folder = given.needed('out');
  const wished = settingsOf(given, ['eps']);
  const epsilons = given.list('eps').map((text) => {
    const eps = settingOf(text);
    if (typeof eps === 'number') return eps;
    throw new UsageError(`--eps takes a number or a fraction like 8/255, got "${text}"`);
  });
  const seed = given.count('seed') ?? 0;
  const subject = await subjectOf(given);
  const { network, attacked, judge, defence } = subject;
  const files = imageFiles([...given.list('image'), ...given.rest]);
  const { images, labels } = await labelled(subject, given, files);
  const curves = await robustnessCurves(attacked, {
    ...{ images, labels, seed, judge },
    epsilons: epsilons.length > 0 ? epsilons : EPSILONS[wished.norm === 'l2' ? 'l2' : 'linf'],
    attacks: methods.map((method) => ({
      method: method.id,
      settings: ownOf(method, methods, wished),
    })),
  });
  await subject.dispose();

  const output = new Output(folder);
  const [first] = curves;
  output.csv('curve', [
    ['epsilon', ...curves.map(({ method }) => method)],
    ...first!.points.map(({ eps }, at) => [eps, ...curves.map((one) => one.points[at]!.accuracy)]),
  ]);
  output.json('curve', {
    network: network.title,
    ...(defence && { defence }),
    seed,
    images: files.map((file, i) => ({ file, label: labels[i] })),
    curves,
  });
  const lines = curves.map(({ method, points }) => {
    const said = points.map(
      ({ eps, accuracy }) => `${Number(eps.toPrecision(3))}: ${(100 * accuracy).toFixed(0)} %`,
    );
    return `${method}: accuracy by epsilon ${said.join(', ')}`;
  });
  return [...lines, ...output.written].join('\n');
}

/** Settings that an attack has; those that none has go to the first, which says so. */
function ownOf(method: AttackMethod, all: readonly AttackMethod[], wished: Settings): Settings {
  return Object.fromEntries(
    Object.entries(wished).filter(([name]) => {
      const takers = all.filter(({ parameters }) => name in parameters);
      return takers.length > 0 ? takers.includes(method) : method === all[0];
    }),
  );
}
