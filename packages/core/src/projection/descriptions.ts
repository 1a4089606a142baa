import type { ProjectionRule } from './rules.js';

/** What each rule is, for people. */
export const projectionDescriptions: Readonly<
  Record<
    ProjectionRule,
    { readonly title: string; readonly about: string; readonly source: string }
  >
> = {
  backprop: {
    title: 'Gradient',
    about: 'Which pixels would raise the answer if they changed a little.',
    source: 'Simonyan, Vedaldi and Zisserman 2014',
  },
  deconvnet: {
    title: 'Deconvnet',
    about: 'What the answer is made of, by the switches of the pooling.',
    source: 'Zeiler and Fergus 2014',
  },
  guided: {
    title: 'Guided',
    about: 'Both rules at once: the sharpest, and the least faithful.',
    source: 'Springenberg et al. 2015',
  },
};
