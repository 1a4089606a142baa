import { EngineClient } from '@convlens/engine';

/** Where the elements find their files. Relative addresses are relative to the page. */
export interface Environment {
  /** Folder of the embedded networks with `manifest.json`. */
  readonly models: string | URL;
  /** Folder of the sample pictures with `samples.json`. */
  readonly samples: string | URL;
  /** Folder of the pages about the techniques. */
  readonly docs: string | URL;
  /** Folder of results of the bench, with `example.json`. */
  readonly benchmarks: string | URL;
  /** Folder of ONNX Runtime's files. */
  readonly runtime: string | URL;
  /** Bundled worker script; by default the one beside the engine's module. */
  readonly worker?: string | URL;
  /** Let the engine find out which convolutions are fastest on the visitor's device, while it rests; true by default. */
  readonly tune?: boolean;
  /** `half`: feature maps in 16-bit numbers on GPUs that have them, right to about 1 %; 32-bit numbers by default. */
  readonly precision?: 'half';
}

let environment: Environment = {
  models: 'models/',
  samples: 'samples/',
  runtime: 'runtime/',
  docs: 'docs/',
  benchmarks: 'benchmarks/',
};
let engine: EngineClient | undefined;

/**
 * Tells the elements where their files are. Call it before the first element is on the page.
 *
 * @param settings what differs from the defaults
 */
export function configure(settings: Partial<Environment>): void {
  environment = { ...environment, ...settings };
}

/**
 * Absolute address of a file in one of the folders.
 *
 * @param folder which one
 * @param file name inside it
 */
export function resolveFile(
  folder: 'models' | 'samples' | 'docs' | 'benchmarks',
  file: string,
): string {
  return new URL(file, new URL(environment[folder], document.baseURI)).href;
}

/** The page's engine, started with its first call and shared by all elements. */
export function sharedEngine(): EngineClient {
  return (engine ??= newEngine());
}

/** An engine of its own, for what must not touch the page's: its worker ends with `close`. */
export function newEngine(): EngineClient {
  return new EngineClient({
    runtimeBase: environment.runtime,
    ...(environment.worker === undefined ? {} : { workerUrl: environment.worker }),
    ...(environment.tune === undefined ? {} : { tune: environment.tune }),
    ...(environment.precision === undefined ? {} : { precision: environment.precision }),
  });
}
