/** A stream has ended for good: asking again wouldn't help. */
export class StreamError extends Error {
  override name = 'StreamError';
  /** The answer's. Null where it isn't about an answer. */
  readonly status: number | null;
  constructor(url: string, why: string, status: number | null = null, cause?: unknown) {
    super(`holdfast: the stream ${url} has ended: ${why}`, { cause });
    this.status = status;
  }
}

/** A stream's token was refused, and there's no better one. */
export class AuthRejectedError extends Error {
  override name = 'AuthRejectedError';
  constructor(url: string, why: string, cause?: unknown) {
    super(`holdfast: the stream ${url} was answered with 401, ${why}`, { cause });
  }
}
