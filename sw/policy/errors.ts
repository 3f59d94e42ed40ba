import type { Reference } from '../protocol/api.js';

/** An option is wrong. Names the option, the value and the rule. */
export class ConfigError extends TypeError {
  override name = 'ConfigError';
  constructor(option: string, value: unknown, rule: string) {
    super(`holdfast: option "${option}" is ${show(value)}; ${rule}`);
  }
}

/** A `Holdfast-*` request header has an invalid value. */
export class DirectiveError extends TypeError {
  override name = 'DirectiveError';
  constructor(header: string, value: string, rule: string) {
    super(`holdfast: header "${header}" is ${show(value)}; ${rule}`);
  }
}

/** A task id is in use at more than one backend. */
export class AmbiguousReferenceError extends Error {
  override name = 'AmbiguousReferenceError';
  constructor(reference: Reference, keys: string[]) {
    super(`holdfast: ${show(reference)} names several entries; give one of their keys: ${keys.join(', ')}`);
  }
}

/** The worker's own Content-Security-Policy forbids a request. The policy comes with the worker's script. */
export class ForbiddenError extends TypeError {
  override name = 'ForbiddenError';
  constructor(directive: string, url: string) {
    super(`the worker's own Content-Security-Policy (${directive}) forbids ${url}, so it's never sent; add the URL to the policy of the worker's script`);
  }
}

/** Whether an error says that the disk is full. Told by its name, as browsers differ in its class (https://webidl.spec.whatwg.org/#quotaexceedederror). */
export const isQuotaError = (error: unknown): boolean => error instanceof Error && error.name === 'QuotaExceededError';

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // A cycle or a bigint: String() below will do.
  }
  text ??= String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
