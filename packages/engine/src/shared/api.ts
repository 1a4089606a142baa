import type { Family, Knowledge, Layer, Preprocessing } from '@convlens/adapters';
import type { Geometry } from '@convlens/autodiff';
import type {
  AttributionMethod,
  ChannelStatistics,
  MeasuredWork,
  OperatorAnswer,
  Projection,
  ProjectionRule,
  Ranking,
  ReceptiveField,
  Recipe,
  RunState,
  Target,
  UnitTerm,
  WorkRequest,
} from '@convlens/core';
import type { Pixels } from '@convlens/data';
import type { TensorData } from '@convlens/onnx';
import type { ImageId, NetworkId } from './handles.js';

export type { AttributionMethod };
export type * from './handles.js';
export type * from './lab.js';

/** What does the arithmetic, in the words of the person who chooses it. */
export type Backend = 'webgpu' | 'webgl' | 'wasm' | 'cpu';

/** The library that runs on a backend: ONNX Runtime or TensorFlow.js. */
export type RuntimeId =
  'ort-webgpu' | 'ort-wasm' | 'ort-node' | 'tfjs-webgpu' | 'tfjs-webgl' | 'tfjs-wasm';

/** Which backend runs, and why. */
export interface BackendReport {
  readonly backend: Backend;
  readonly runtime: RuntimeId;
  /** Threads of the WASM or CPU backend; 1 on a GPU. */
  readonly threads: number;
  /** One sentence for people: why this backend. */
  readonly reason: string;
  /** Name of the GPU adapter, where there is one. */
  readonly adapter?: string;
  /** Milliseconds that start and probe took. */
  readonly startMs: number;
  /** Runtimes that were tried and are not used, with the error's message. */
  readonly failed: readonly {
    readonly backend: Backend;
    readonly runtime: RuntimeId;
    readonly message: string;
  }[];
}

/** A person's wish: one backend, one runtime (for research), or the best that works. */
export type BackendChoice = 'auto' | Backend | RuntimeId;

/** Where a network comes from. A file stays a `Blob`, so that it can be read again after a crash. */
export interface NetworkSource {
  /** What links and recipes call it. Two networks may have the same: they are told apart by their handles. */
  readonly id: string;
  readonly url?: string;
  readonly blob?: Blob;
  /** Instead of a file: the id of a network of `standardNames`, which is built with weights from a seed. */
  readonly built?: string;
  /** Files with weights stored outside the model, by the location that the model names. */
  readonly externalData?: Readonly<Record<string, Blob>>;
  /** Expected size in bytes, for progress before the server says it. */
  readonly bytes?: number;
  /** Lower-case hex; the download is refused when it differs. */
  readonly sha256?: string;
  readonly knowledge?: Knowledge;
}

/** A layer as the page sees it. */
export interface LayerSummary extends Layer {
  /** True when `kernels` can show its weights. */
  readonly hasKernels: boolean;
  /** Absent when a unit sees the whole image. */
  readonly field?: ReceptiveField;
}

/** A network as the page sees it: everything but the graph and the weights. */
export interface NetworkSummary {
  /** What requests call it, as long as its handle is held. */
  readonly handle: NetworkId;
  /** What links and recipes call it. */
  readonly id: string;
  readonly family: Family;
  readonly title: string;
  readonly input: { readonly name: string; readonly shape: readonly [number, number, number] };
  readonly preprocessing: Preprocessing;
  readonly logits?: { readonly value: string; readonly classes: number };
  readonly classes?: readonly string[];
  readonly layers: readonly LayerSummary[];
  readonly firstConv: string;
  readonly lastConv: string;
  readonly parameters: number;
  readonly macs: number;
  readonly guesses: readonly string[];
  /** Size of the file. */
  readonly bytes: number;
  /** Time to fetch, and to read and describe, in milliseconds. */
  readonly fetchMs: number;
  readonly readMs: number;
}

/** Where an image comes from. */
export interface ImageSource {
  /** In words, for errors: `lemon`. */
  readonly what?: string;
  readonly url?: string;
  readonly blob?: Blob;
  readonly pixels?: Pixels;
}

/** What is known of an image that is kept in the worker. */
export interface ImageSummary {
  /** What requests call it, as long as its handle is held. */
  readonly handle: ImageId;
  readonly width: number;
  readonly height: number;
}

/** Asks for the weights of a layer as pictures. */
export interface KernelsRequest {
  readonly network: NetworkId;
  /** Layer id. */
  readonly layer: string;
}

/** Asks for activations of one image. */
export interface ActivationRequest {
  readonly network: NetworkId;
  /** A kept image, or a frame that is used once and closed. */
  readonly image: ImageId | ImageBitmap;
  /** Layer ids whose maps are wanted. */
  readonly layers: readonly string[];
  /** Also give the class scores. */
  readonly scores?: boolean;
  /** Also give what max-poolings among the layers read, and where each pooled value came from. */
  readonly switches?: boolean;
  /** Also give the strength (root mean square) of every layer, where one program holds them all. */
  readonly strengths?: boolean;
}

/** One layer's activation with its statistics. */
export interface LayerActivation {
  readonly layer: string;
  /** float32 `[C, H, W]` or `[N]`. */
  readonly activation: TensorData<'float32'>;
  readonly statistics: ChannelStatistics;
  /** Of a max-pooling, when the request asks for switches. */
  readonly pooling?: LayerPooling;
}

/** What a max-pooling read, and what it took of it. */
export interface LayerPooling {
  /** float32 `[C, H, W]`. */
  readonly activation: TensorData<'float32'>;
  readonly statistics: ChannelStatistics;
  /** For every pooled value, row * W + column of where it came from; -1 for a window without a number. */
  readonly switches: Int32Array;
  readonly geometry: Geometry;
}

/** Answer to an `ActivationRequest`. */
export interface Activations {
  readonly layers: readonly LayerActivation[];
  /** Scores before any softmax, one a class. */
  readonly logits?: Float32Array;
  /** Strength by layer id. */
  readonly strengths?: Readonly<Record<string, number>>;
  /** What the network saw: the crop at input size. */
  readonly crop: Pixels;
  readonly backend: BackendReport;
  /** Milliseconds: crop and normalise, run (with preparing the first time), statistics. */
  readonly timing: { readonly input: number; readonly run: number; readonly total: number };
}

/** Asks for projections of a unit to the pixels. */
export interface ProjectionRequest {
  readonly network: NetworkId;
  /** A kept image, an image file that is not kept, or a frame that is used once and closed. */
  readonly image: ImageId | Blob | ImageBitmap;
  /** The unit; without a place, its strongest one. */
  readonly target: UnitTerm;
  readonly rules: readonly ProjectionRule[];
}

/** Answer to a `ProjectionRequest`. */
export interface Projections {
  /** In the order of the rules. */
  readonly projections: readonly Projection[];
  readonly backend: BackendReport;
  /** Milliseconds, preparing included. */
  readonly runMs: number;
}

/** Asks for images of a set to be ranked by how strongly the channels of a layer answer to them. */
export interface RankingRequest {
  readonly network: NetworkId;
  readonly layer: string;
  /** Images with their numbers in the set. They are read one after the other, and not kept. */
  readonly images: readonly (ImageSource & { readonly index: number })[];
  /** What is known so far; nothing by default. */
  readonly ranking?: Ranking;
}

/** Answer to a `RankingRequest`. */
export interface RankingAnswer {
  /** What was known, with these images. */
  readonly ranking: Ranking;
  /** Images that were left out because they cannot be read, and why. */
  readonly unreadable: readonly { readonly index: number; readonly message: string }[];
  readonly backend: BackendReport;
  /** Milliseconds, reading and preparing included. */
  readonly runMs: number;
}

/** Asks for an attribution map. */
export interface AttributionRequest {
  readonly network: NetworkId;
  readonly image: ImageId;
  readonly target: Target;
  readonly method: AttributionMethod;
  /** Steps of integrated gradients, samples of SmoothGrad. */
  readonly steps?: number;
  readonly seed?: number;
  /** Layers from the classifier down whose weights are replaced by noise first (the sanity check of Adebayo 2018). */
  readonly randomised?: number;
}

/** Answer to an `AttributionRequest`. */
export interface Attribution {
  /** float32 `[C, H, W]` or `[H, W]`. */
  readonly map: TensorData<'float32'>;
  /** Remarks for people. */
  readonly notes: readonly string[];
  readonly backend: BackendReport;
  readonly runMs: number;
}

/** Asks for pictures made by a recipe. */
export interface RecipeRequest {
  readonly network: NetworkId;
  readonly recipe: Recipe;
  /** The images that the recipe names. */
  readonly image?: ImageId;
  readonly guide?: ImageId;
  /** Where an earlier run of the same recipe was. */
  readonly state?: RunState;
  /** Step to go to, counted from the beginning; the recipe's last by default. */
  readonly until?: number;
  /** Least time between two frames, in milliseconds; 66 by default. */
  readonly frameMs?: number;
  /** Least time between two frames that carry their state, in milliseconds; 1,000 by default. */
  readonly stateMs?: number;
}

/** Pictures of a run at some step. */
export interface Frame {
  /** Steps done. */
  readonly step: number;
  /** Steps of the recipe. */
  readonly total: number;
  /** Reduced to 1,024 pixels while the run goes on. */
  readonly pictures: readonly Pixels[];
  /**
   * The objective of each picture without its penalties, an entry a step: of the steps since the frame before, in the
   * last frame of all steps of this call, as progress may come late.
   */
  readonly values: readonly Float32Array[];
  /** Step of the first entry. */
  readonly since: number;
  readonly stepsPerSecond: number;
  /** Said when the numbers stay on the device from frame to frame, and nothing else is read of it. */
  readonly resident?: true;
  /** Something unusual that happened, for people. */
  readonly note?: string;
  /** All that is needed to go on from here. */
  readonly state?: RunState;
}

/** Answer to a `RecipeRequest`. */
export interface RecipeResult {
  /** The last one, in full size, with its state. */
  readonly frame: Frame;
  /** False when it was paused before its last step. */
  readonly finished: boolean;
  readonly backend: BackendReport;
}

/** Asks for one run of a graph that the page brings: for checks of a backend, and for research. */
export interface GraphRequest {
  /** The ONNX file. */
  readonly model: Uint8Array;
  /** Tensors by input name. */
  readonly feeds: Readonly<Record<string, TensorData>>;
}

/** Answer to a `GraphRequest`. */
export interface GraphResult {
  /** Tensors by output name. */
  readonly outputs: Readonly<Record<string, TensorData>>;
  readonly backend: BackendReport;
  /** Milliseconds without preparing. */
  readonly runMs: number;
}

/** Asks for a measurement of the backend in use: of work on an open network, of its peak, of single operators. */
export type MeasureRequest =
  | ({ readonly kind: 'work'; readonly network: NetworkId } & WorkRequest)
  | { readonly kind: 'peak' }
  | { readonly kind: 'operators' };

/** Answer to a `MeasureRequest`: the part that was asked for. */
export interface MeasureAnswer {
  readonly work?: MeasuredWork;
  /** GFLOP/s of a large matrix product. */
  readonly peak?: number;
  readonly operators?: readonly OperatorAnswer[];
  readonly backend: BackendReport;
}

/** What the engine holds, in bytes where nothing else is said. */
export interface MemoryReport {
  /** Size of the WebAssembly memory, which never shrinks; 0 before a runtime has loaded. */
  readonly wasm: number;
  /** Weights read from files. */
  readonly weights: number;
  /** Number of live runtime sessions. */
  readonly sessions: number;
  /** Number of tensors that TensorFlow.js holds; 0 while another library runs. */
  readonly tensors: number;
  readonly networks: number;
  readonly images: number;
}

/** Where the worker finds its files. */
export interface EngineConfig {
  /** Absolute URL of the folder with ONNX Runtime's .mjs and .wasm files, with a slash at its end. */
  readonly runtimeBase: string;
  /** Threads of the WASM backend; by default what the machine has, at most 4. Needs a cross-origin isolated page. */
  readonly threads?: number;
  /** Rewrite convolutions so that the WASM backend computes them faster; true by default. */
  readonly optimize?: boolean;
  /** Find out which rewriting is fastest on this device, while nothing is asked of it; true by default. */
  readonly tune?: boolean;
  /** `half`: feature maps in float16 on GPUs that have it, right to about 1 %; float32 by default. */
  readonly precision?: 'half';
}

/** How far a call is. */
export interface Progress {
  /** `download` and `compile` of which thing, in words. */
  readonly stage: 'download' | 'read' | 'start' | 'compile' | 'run';
  readonly what: string;
  /** Bytes or steps done, and their total where it is known. */
  readonly loaded?: number;
  readonly total?: number;
}
