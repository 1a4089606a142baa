import {
  attackLosses,
  attackMethods,
  attackNorms,
  attributionMethods,
  defences,
  projectionRules,
} from '@convlens/core';
import { LensError } from '@convlens/onnx';
import { UsageError } from './arguments.js';
import { attack } from './commands/attack.js';
import { attribute, attributeOptions } from './commands/attribute.js';
import { bench } from './commands/bench.js';
import { dream, dreamOptions } from './commands/dream.js';
import { inspect } from './commands/inspect.js';
import { invert, invertOptions } from './commands/invert.js';
import { patches } from './commands/patches.js';
import { projectCommand } from './commands/project.js';
import { reconstruct, reconstructOptions } from './commands/reconstruct.js';
import { run } from './commands/run.js';
import { train } from './commands/train.js';
import { visualize, visualizeOptions } from './commands/visualize.js';
import { vjpCommand } from './commands/vjp.js';
import { usageOf } from './recipes/options.js';

const ids = (rows: readonly { readonly id: string }[]): string =>
  rows.map(({ id }) => id).join('|');

const USAGE = `Usage: convlens COMMAND MODEL [options]

  inspect MODEL [--json]
      layers, shapes, parameters, family, preprocessing, supported operators, cost
  run MODEL (--input NAME=FILE.npy | --image FILE.png) --layer NAME... --out DIR
      activations as .npy
  vjp MODEL --input NAME=FILE.npy... --cotangent NAME=FILE.npy... --wrt NAME...
      [--rule ${projectionRules.join('|')}] --out DIR
      outputs as NAME.npy, vector-Jacobian products as d_NAME.npy ('/' in names becomes '_')
  project MODEL --image FILE.png --layer NAME --channel N [--row N --column N]
      [--rule ${projectionRules.join('|')}] --out DIR
      a unit carried back to the pixels, as PNG and .npy
  patches MODEL --layer NAME --channel N --images DIR|FILE.png... [--rule ${projectionRules.join('|')}]
      [--top 9] --out DIR
      where over the images a channel answers most: patches and projections as PNG, their list as JSON
  attribute MODEL --image FILE.png [--class N]
      [--method ${attributionMethods.join('|')}]
      ${usageOf(attributeOptions)} --out DIR
      which pixels drove a class, as PNG and .npy
  visualize MODEL (--class N|NAME | --layer NAME [--channel N [--row N --column N]]) [--preset ID]
      [--sense more|less] [--start noise|grey|image --image FILE.png]
      ${usageOf(visualizeOptions)} [--seed N] --out DIR
      what a class or unit wants to see
  dream MODEL --image FILE.png --layer NAME... [--guide FILE.png]
      ${usageOf(dreamOptions)} [--seed N] --out DIR
      DeepDream: the image with more of what the layers see in it
  invert MODEL --image FILE.png --layer NAME... ${usageOf(invertOptions)} [--seed N] --out DIR
      the image rebuilt from what each layer still knows of it, with the loss
  reconstruct MODEL --class N|NAME ${usageOf(reconstructOptions)} [--seed N] --out DIR
      a class rebuilt from noise through the softmax, from several starts
  visualize|dream|invert|reconstruct [MODEL] --recipe FILE.json|FILE.png [--image FILE.png]
      [--guide FILE.png] --out DIR
      what a recipe says, again
  attack MODEL --image FILE.png... [--attack ${ids(attackMethods)}]
      [--norm ${attackNorms.join('|')}] [--eps 8/255] [--alpha X] [--steps N] [--loss ${attackLosses.join('|')}]
      [--set NAME=VALUE]... [--target CLASS]... [--label CLASS]... [--seed N]
      [--defence ${ids(defences)}[:STRENGTH] [--adaptive]] --out DIR
      fools the network: the picture as PNG of 8 bits, perturbation and logits as .npy, measures as JSON;
      pgd by default, classes by number or name, without --label what the network says is taken for right;
      with --defence the defended network is to be fooled, by an attack that knows of it only if --adaptive
  attack curve MODEL --image DIR|FILE.png... [--attack ID]... [--eps X]... [--steps N] [--label CLASS]...
      [--defence ID[:STRENGTH] [--adaptive]] [--seed N] --out DIR
      accuracy over epsilon for one attack or more, as CSV and JSON
  attack transfer MODEL MODEL... --image DIR|FILE.png... [--attack mi-fgsm] [--eps 8/255] [--steps N]
      [--label CLASS]... [--seed N] --out DIR
      how much of what fools one network fools the others, as CSV and JSON
  attack universal MODEL --image DIR|FILE.png... [--norm ${attackNorms.join('|')}] [--eps 10/255] [--rate 0.8] [--passes 10]
      [--seed N] --out DIR
      one perturbation for all images, as .npy, amplified as PNG, its success as JSON
  attack patch MODEL --image DIR|FILE.png... --target CLASS [--shape round|square] [--scale 0.4:0.6]
      [--rotation 22.5] [--steps 100] [--print 512] [--seed N] --out DIR
      a patch to print that is taken for a class: PNG, examples, the objective as CSV, its success as JSON
  attack fool MODEL --target CLASS [--by gradient|evolution] [--confidence 0.996] [--steps N] [--seed N]
      --out DIR
      a picture of nothing that the network is sure of, as PNG, CSV and JSON
  train MODEL --batches DATA.npz [--loss cross_entropy|label_smoothing|sigmoid_bce|mse] [--smoothing S]
      [--optimizer sgd|adagrad|adadelta|rmsprop|adam|adamw] [--lr X] [--momentum M] [--nesterov] [--alpha A]
      [--eps X] [--weight-decay W] [--convention pytorch|keras] [--max-norm X] [--seed N] [--steps N]
      [--save-at 1,10,50] --out DIR
      learns from batches, x [steps, batch, ...] and t [steps, batch]: losses.csv, and stepN/NAME.npy for every
      weight and running average
  bench MODEL... [--runtime ort-node|ort-wasm|tfjs-wasm]... [--work forward|gradient|dream|besides]... [--batch N]...
      [--seconds N] [--json] [--out DIR]
      speed of each runtime at each work, and how far they are apart; alexnet-224, vgg16-224, resnet18-224,
      resnet50-224 and densenet121-224 are built with weights from a seed

Pictures by recipe come as NAME.png (with the recipe inside), NAME.json (the recipe) and NAME.csv (the objective).
MODEL is a file or the id of an embedded network (resnet18, vgg11, alexnet, densenet, resnet18-robust).
--runtime ort-node|ort-wasm|tfjs-wasm chooses what computes; ort-node by default.
`;

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<string>>> = {
  inspect,
  run,
  vjp: vjpCommand,
  project: projectCommand,
  patches,
  attribute,
  visualize,
  dream,
  invert,
  reconstruct,
  attack,
  bench,
  train,
};

/**
 * Runs the command line.
 *
 * @param args what stands behind `convlens`
 * @param print where results go
 * @param complain where errors go, one line each
 * @returns exit code: 0, 2 for an error, 64 for bad usage
 */
export async function main(
  args: readonly string[],
  print: (text: string) => void = (text) => process.stdout.write(`${text}\n`),
  complain: (text: string) => void = (text) => process.stderr.write(`${text}\n`),
): Promise<number> {
  const [name = '', ...rest] = args;
  if (name === '--help' || name === 'help') {
    print(USAGE);
    return 0;
  }
  const command = COMMANDS[name];
  if (!command) {
    complain(`convlens: ${name === '' ? 'no command' : `unknown command "${name}"`}\n\n${USAGE}`);
    return 64;
  }
  try {
    const said = await command(rest);
    if (said !== '') print(said);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      complain(`convlens ${name}: ${error.message} (convlens help says more)`);
      return 64;
    }
    const code = error instanceof LensError ? ` [${error.code}]` : '';
    const message = error instanceof Error ? error.message : String(error);
    complain(`convlens ${name}: ${message.replaceAll('\n', ' ')}${code}`);
    return 2;
  }
}
