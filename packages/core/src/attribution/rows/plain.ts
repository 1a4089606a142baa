import { float32, type TensorData } from '@convlens/onnx';
import { gradientProblem } from '../../gradients/gradients.js';
import { gradient, gradientTimesInput, saliency as saliencyOf } from '../attribution.js';
import type { AttributionDescription, AttributionRow, AttributionTask } from '../methods.js';

type Tensor = TensorData<'float32'>;

/** Without the axis of the batch. */
export const single = ({ data, shape }: Tensor): Tensor => float32(data, shape.slice(1));

/** The derivative of the score, with a remark where there is none. */
async function derivative(
  { network, gradients, input, target }: AttributionTask,
  notes: string[],
): Promise<Tensor> {
  const { gradient: found } = await gradient(network, gradients, input, target);
  const problem = gradientProblem(found);
  if (problem !== undefined) notes.push(problem);
  return found;
}

/** What is known of saliency. */
export const saliencyDescription = {
  title: 'Saliency',
  about: 'How much the answer moves when a pixel changes a little: bright is much.',
  source: 'Simonyan, Vedaldi and Zisserman 2014',
  parameters: {},
} as const satisfies AttributionDescription;

/** Saliency at work. */
export const saliency: AttributionRow = async (task, _, notes) =>
  saliencyOf(await derivative(task, notes));

/** What is known of gradient times input. */
export const gradientInputDescription = {
  title: 'Gradient × input',
  about: 'What each pixel adds to the answer, to first order.',
  source: 'Shrikumar et al. 2016',
  parameters: {},
} as const satisfies AttributionDescription;

/** Gradient times input at work. */
export const gradientInput: AttributionRow = async (task, _, notes) =>
  single(gradientTimesInput(await derivative(task, notes), task.input));
