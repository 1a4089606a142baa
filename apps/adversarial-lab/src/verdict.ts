import { attackMethods, defences, softmax, topClass } from '@convlens/core';
import { formatProbability } from '@convlens/elements';
import type { LabModel } from './lab-model.js';

/** What came of an attack, and the names of classes. */
export type Attacked = Pick<LabModel, 'nameOf' | 'original' | 'run'>;

/** What came of an attack, in words. */
export interface Verdict {
  readonly headline: string;
  readonly more: string;
  readonly kind: 'busy' | 'fooled' | 'stands' | 'none';
}

/**
 * What is going on, or what came of it.
 *
 * @param model the lab
 */
export function inWords(model: Attacked): Verdict {
  const { run, original } = model;
  if (!run) {
    if (!original) return { headline: 'Opening…', more: '', kind: 'none' };
    const best = topClass(original.logits);
    return {
      headline: `The network says ${model.nameOf(best)}`,
      more: formatProbability(softmax(original.logits)[best]!),
      kind: 'none',
    };
  }
  const title = attackMethods.find(({ id }) => id === run.request.method)?.title ?? '';
  const at = run.total > 0 ? `step ${run.done} of ${run.total}` : '';
  if (run.status === 'starting') {
    return { headline: 'Attacking…', more: `${title}: preparing`, kind: 'busy' };
  }
  if (run.status === 'running') {
    return { headline: 'Attacking…', more: `${title}: ${at}`, kind: 'busy' };
  }
  if (run.status === 'failed') {
    return { headline: 'The attack could not be run', more: '', kind: 'none' };
  }
  const { answer } = run;
  if (!answer) {
    return { headline: 'Stopped', more: `${title}${at && `, ${at}`}`, kind: 'none' };
  }
  const { label, file, fooled } = answer;
  const best = topClass(file.logits);
  const sure = formatProbability(softmax(file.logits)[best]!);
  const { target } = run.request;
  const from = model.nameOf(label);
  const shield = defences.find(({ id }) => id === run.request.defence?.id)?.title;
  const behind = shield ? ` behind ${shield}` : '';
  if (file.fooled) {
    return {
      headline: `Fooled: ${from} → ${model.nameOf(best)}, still as a PNG`,
      more: `${sure} sure${behind}`,
      kind: 'fooled',
    };
  }
  if (fooled) {
    return {
      headline: `Fooled: ${from} → ${model.nameOf(topClass(answer.after))}, but not as a PNG`,
      more: 'Rounded to 8 bits it fools no more, and no rounding inside the same bounds does. Allow a little more.',
      kind: 'stands',
    };
  }
  const wished = target === undefined ? '' : `; ${model.nameOf(target)} was not reached`;
  const said = best === label ? `still ${from}` : model.nameOf(best);
  return {
    headline: `Not fooled${behind}: ${said}`,
    more: `${sure} sure${wished}. Allow more, take more steps, or try another attack.`,
    kind: 'stands',
  };
}
