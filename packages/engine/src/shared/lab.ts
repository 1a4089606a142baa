import type {
  AttackNorm,
  CurveAttack,
  DecisionPlane,
  LayerDivergence,
  PatchShape,
  PerturbationSize,
  Queries,
  RobustnessCurve,
  Settings,
  TransferCell,
} from '@convlens/core';
import type { Pixels } from '@convlens/data';
import type { BackendReport } from './api.js';
import type { ImageId, NetworkId } from './handles.js';

/** An image of a set, and the class that is right for it. */
export interface LabeledImage {
  readonly image: ImageId;
  /** Name of that class; without one that the network has, what it answers before it is attacked is taken for right. */
  readonly className?: string;
}

/** An attack and its parameters; those left out have their defaults. */
export interface AttackChoice {
  /** Id of the method. */
  readonly method: string;
  readonly settings?: Settings;
}

/** A defence before the network. */
export interface DefenceChoice {
  /** Id of the defence. */
  readonly id: string;
  /** Its own default when left out. */
  readonly strength?: number;
  /** Whether the attack goes through the defence (BPDA, EOT), or is made on the bare network. */
  readonly adaptive: boolean;
}

/** Asks for an image to be attacked. Its right class is what the network answers before. */
export interface AttackRequest extends AttackChoice {
  readonly network: NetworkId;
  readonly image: ImageId;
  /** Class to reach; any other than the answer before when left out. */
  readonly target?: number;
  readonly seed: number;
  readonly defence?: DefenceChoice;
}

/** A picture of 8 bits, and what becomes of it. */
export interface AttackedPicture {
  /** Of the network's input size. */
  readonly picture: Pixels;
  readonly logits: Float32Array;
  readonly fooled: boolean;
  readonly size: PerturbationSize;
}

/** Answer to an `AttackRequest`. */
export interface AttackAnswer {
  /** What the network saw before: the crop at input size. */
  readonly original: Pixels;
  readonly before: Float32Array;
  /** The class that was right. */
  readonly label: number;
  /** Logits of the attacked image in float32. */
  readonly after: Float32Array;
  /** Whether the attacked image in float32 fools. */
  readonly fooled: boolean;
  readonly size: PerturbationSize;
  /** As a file of 8 bits holds it; its attack went on where rounding alone made it fool no more. */
  readonly file: AttackedPicture;
  /** Rounds in which the rounded image was attacked itself. */
  readonly repairs: number;
  /** As the network is shown the file, behind a defence. */
  readonly shown?: Pixels;
  readonly queries: Queries;
  readonly steps: number;
  /** The values of all parameters. */
  readonly settings: Settings;
}

/** Asks how accuracy falls over epsilon. */
export interface CurveRequest {
  readonly network: NetworkId;
  readonly images: readonly LabeledImage[];
  readonly attacks: readonly CurveAttack[];
  readonly epsilons: readonly number[];
  readonly seed: number;
}

/** Answer to a `CurveRequest`. */
export interface CurveAnswer {
  /** In the order of the attacks. */
  readonly curves: readonly RobustnessCurve[];
}

/** Asks which networks are fooled by what was made for others. */
export interface TransferRequest extends AttackChoice {
  readonly networks: readonly NetworkId[];
  readonly images: readonly LabeledImage[];
  readonly seed: number;
}

/** Answer to a `TransferRequest`. */
export interface TransferAnswer {
  /** Row: the network that is attacked. Column: the one that is asked. */
  readonly rows: readonly (readonly TransferCell[])[];
}

/** Asks where in a network two images part. */
export interface DivergenceRequest {
  readonly network: NetworkId;
  readonly image: ImageId;
  readonly attacked: ImageId;
}

/** Answer to a `DivergenceRequest`. */
export interface DivergenceAnswer {
  /** In the order of computation. */
  readonly layers: readonly LayerDivergence[];
}

/** Asks for the classes on the plane through two images and a random direction. */
export interface PlaneRequest {
  readonly network: NetworkId;
  readonly image: ImageId;
  readonly attacked: ImageId;
  /** Places along a side. */
  readonly side: number;
  readonly seed: number;
}

/** Answer to a `PlaneRequest`. */
export interface PlaneAnswer {
  readonly plane: DecisionPlane;
}

/** Asks how often an attack succeeds against a defence of several strengths, when it does not know of it and when it does. */
export interface DefenceRequest extends AttackChoice {
  readonly network: NetworkId;
  readonly images: readonly LabeledImage[];
  /** Id of the defence. */
  readonly defence: string;
  readonly strengths: readonly number[];
  readonly seed: number;
}

/** What a defence of some strength is worth. */
export interface DefencePoint {
  readonly strength: number;
  /** Part of all images that the defended network is right about without an attack. */
  readonly accuracy: number;
  /** Success of the attack made on the bare network, of the images that the defended one knew. */
  readonly plain: number;
  /** Success of the attack made through the defence. */
  readonly adaptive: number;
}

/** Answer to a `DefenceRequest`. */
export interface DefenceAnswer {
  /** In the order of the strengths. */
  readonly points: readonly DefencePoint[];
  /** Success on the bare network. */
  readonly bare: number;
}

/** Asks for a picture that is nothing, and that the network is sure of. */
export interface FoolingRequest {
  readonly network: NetworkId;
  /** By the gradient from noise, or by evolution of patterns. */
  readonly way: 'gradient' | 'evolution';
  readonly target: number;
  /** Steps, or generations, at most. */
  readonly steps: number;
  readonly seed: number;
}

/** Answer to a `FoolingRequest`. */
export interface FoolingAnswer {
  readonly picture: Pixels;
  /** Of the picture of 8 bits. */
  readonly logits: Float32Array;
  readonly steps: number;
  /** Whether the confidence of 99.6 % was reached. */
  readonly reached: boolean;
}

/** Asks for one perturbation for all images of a set. */
export interface UniversalRequest {
  readonly network: NetworkId;
  readonly images: readonly LabeledImage[];
  readonly norm: AttackNorm;
  readonly eps: number;
  readonly seed: number;
}

/** What becomes of an image with a perturbation or a patch that was not made for it alone. */
export interface ChangedPicture {
  readonly image: ImageId;
  readonly picture: Pixels;
  readonly before: Float32Array;
  readonly after: Float32Array;
  /** Whether the network knew it before. */
  readonly known: boolean;
}

/** Answer to a `UniversalRequest`. */
export interface UniversalAnswer {
  /** float32 `C * H * W`, in units of the pixels' range. */
  readonly perturbation: Float32Array;
  /** Part of the known images that it fools, as pictures of 8 bits. */
  readonly success: number;
  /** The same for noise of that size. */
  readonly noise: number;
  readonly passes: number;
  readonly pictures: readonly ChangedPicture[];
}

/** Asks for a patch that is taken for a class wherever it lies. */
export interface PatchRequest {
  readonly network: NetworkId;
  readonly images: readonly LabeledImage[];
  readonly target: number;
  readonly shape: PatchShape;
  /** Smallest and largest diameter, as parts of the image's side. */
  readonly scale: readonly [least: number, most: number];
  /** Largest turn to either side, in degrees. */
  readonly rotation: number;
  readonly steps: number;
  readonly seed: number;
}

/** Answer to a `PatchRequest`. */
export interface PatchAnswer {
  /** To print: 1,024 pixels a side, with nothing around a disc. */
  readonly print: Pixels;
  /** Placements that training has not drawn, on pictures that the network knew; and those that reach the class. */
  readonly tried: number;
  readonly reached: number;
  /** One placement on each picture. */
  readonly examples: readonly { readonly picture: Pixels; readonly answer: number }[];
}

/** What every experiment answers besides. */
export interface Measured {
  readonly backend: BackendReport;
  /** Milliseconds, preparing included. */
  readonly runMs: number;
}

/** What an experiment has so far. */
export interface LabFrame {
  /** Steps done, and their total. */
  readonly done?: number;
  readonly total?: number;
  /** The image as it is now. */
  readonly picture?: Pixels;
  /** What the network says to it; not in every frame. */
  readonly logits?: Float32Array;
  /** Of a `CurveRequest`. */
  readonly curves?: readonly RobustnessCurve[];
  /** Of a `TransferRequest`. */
  readonly rows?: readonly (readonly TransferCell[])[];
  /** Of a `DefenceRequest`. */
  readonly points?: readonly DefencePoint[];
}
