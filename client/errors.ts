import { AmbiguousReferenceError, ConfigError } from '../sw/policy/errors.js';
import { AuthRejectedError, StreamError } from './stream/errors.js';

/** The browser could not take the worker's script. `cause` is the browser's own error. */
export class RegistrationError extends Error {
  override name = 'RegistrationError';
  constructor(worker: string, why: string, cause: unknown) {
    super(`holdfast: ${worker} could not be registered: ${why}`, { cause });
  }
}

const ERRORS: Record<string, { prototype: object }> = { AmbiguousReferenceError, AuthRejectedError, ConfigError, StreamError };

/**
 * An error by its name, as one of this script's classes. The worker's errors arrive as plain ones, and the classic script's
 * streams are a module with classes of its own; `instanceof` goes by this script's.
 */
export function ofThisScript(error: unknown): unknown {
  const ours = error instanceof Error && Object.hasOwn(ERRORS, error.name) ? ERRORS[error.name] : null;
  return ours ? Object.setPrototypeOf(error, ours.prototype) : error;
}
