/**
 * Stable codes of every error that Convlens raises on purpose. Programs test the code; people read the message.
 */
export type ErrorCode =
  | 'E_ABORTED'
  | 'E_ARGUMENT'
  | 'E_BACKEND_INIT'
  | 'E_BACKEND_LOST'
  | 'E_BOUND'
  | 'E_CAMERA'
  | 'E_ENGINE_LOST'
  | 'E_ENGINE_START'
  | 'E_FETCH'
  | 'E_IMAGE'
  | 'E_INTERNAL'
  | 'E_LAYER_UNKNOWN'
  | 'E_NOT_FINITE'
  | 'E_NO_CONVOLUTION'
  | 'E_ONNX_EXTERNAL_DATA'
  | 'E_ONNX_INVALID'
  | 'E_ONNX_NOT_ONNX'
  | 'E_ONNX_TRUNCATED'
  | 'E_ONNX_VERSION'
  | 'E_OP_UNSUPPORTED'
  | 'E_RECIPE'
  | 'E_REPORT'
  | 'E_RUN'
  | 'E_RUNTIME_FILES'
  | 'E_RUNTIME_OVERFLOW'
  | 'E_SHAPE'
  | 'E_VALUE_UNKNOWN'
  | 'E_ZIP';

/**
 * The error that every package raises for a condition a person can do something about. The message is one or two
 * plain sentences: where, what was expected, what was got, and what to do.
 */
export class LensError extends Error {
  override readonly name = 'LensError';
  /** Stable code, for programs. */
  readonly code: ErrorCode;

  /**
   * @param code stable code
   * @param message where, expected, got, what to do
   * @param options the underlying error, when there is one
   */
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
