import { aFunction, checkOptions, isRecord, isUrl, check, milliseconds, oneOf, text, wholeNumber, type Rules } from '../sw/policy/rules.js';
import type { AnyUrl } from './any-url.js';
import { abortSignal, wait } from './wait.js';

/** The request for a token, and how often it's made. */
export interface FetchTokenOptions {
  /** Where a token is to be had. */
  url: string | AnyUrl;
  /** @default 'POST' */
  method?: string;
  headers?: HeadersInit;
  body?: BodyInit;
  /** @default 'same-origin': cookies go to this origin only */
  credentials?: RequestCredentials;
  /** How often it's tried again when the server fails (5xx) or nobody answers. @default 2 */
  maxRetries?: number;
  /** Milliseconds before the first retry; it doubles with each. @default 500 */
  baseDelayMs?: number;
  /** Ends it with the signal's reason. */
  signal?: AbortSignal;
  /**
   * Finds the token in the answer's JSON. @default `access_token` (RFC 6749 §5.1), `accessToken` or `token`
   * @example pick: ({ data }) => data.jwt
   */
  pick?: (answer: any) => string | null | undefined;
}

/** No token is to be had. */
export class TokenRefreshError extends Error {
  override name = 'TokenRefreshError';
  /** Null where nobody answered. */
  readonly status: number | null;
  /** The answer's body as text, as far as there was one. */
  readonly body: string;
  constructor(why: string, status: number | null, body = '', cause?: unknown) {
    super(`holdfast: no token from the server: ${why}`, { cause });
    this.status = status;
    this.body = body;
  }
}

const RULES: Rules = {
  url: [isUrl, 'it must be the URL that gives tokens'],
  method: text,
  headers: [isRecord, 'it must be headers'],
  body: [() => true, ''],
  credentials: oneOf('omit', 'same-origin', 'include'),
  maxRetries: wholeNumber(0),
  baseDelayMs: milliseconds,
  signal: abortSignal,
  pick: aFunction("the answer's JSON"),
};

/**
 * Fetches a token: the ready `getToken`. A server that fails, or doesn't answer, is asked up to three
 * times, 500 ms and then 1 000 ms apart. Any other answer that's no token ends it at once: a 4xx, 429
 * too; a redirect, as it may lead to a login page; a 200 that isn't JSON. The request goes around the
 * worker, so it's never stored.
 *
 * @throws TokenRefreshError with `status` and `body`
 * @throws the signal's reason when it's aborted
 * @throws ConfigError for a wrong option
 * @throws TypeError for what can't be a request
 * @example connect({ worker: '/sw.js', getToken: ({ signal }) => fetchToken({ url: '/auth/refresh', signal }) })
 */
export async function fetchToken(options: FetchTokenOptions): Promise<string> {
  check('url', options?.url ?? null, RULES['url']!);
  checkOptions(options, RULES);
  const { url, maxRetries = 2, baseDelayMs = 500, pick = tokenIn, method = 'POST', ...init } = options;
  const { signal } = init;
  // Holdfast leaves `manual` requests to the network; and such a redirect can be told from a failing network.
  // Made once, so that what can't be a request is an error of its own, and isn't tried again.
  const request = new Request(url as string, { ...init, method, redirect: 'manual' });
  for (let tries = 0; ; tries++) {
    let failure: TokenRefreshError;
    const cut = new AbortController();
    try {
      const response = await fetch(request.clone(), { signal: AbortSignal.any([request.signal, cut.signal]) });
      const { status } = response;
      if (status < 500 && response.type !== 'opaqueredirect') return await read(response, pick);
      // Rather than `body.cancel()`, which now and then leaves Firefox's connection open.
      cut.abort();
      failure = new TokenRefreshError(status === 0 ? 'it redirects' : `it answered ${status}`, status);
      if (status === 0) throw failure;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof TokenRefreshError) throw error;
      failure = new TokenRefreshError('it does not answer', null, '', error);
    }
    if (tries >= maxRetries) throw failure;
    await wait(baseDelayMs * 2 ** tries, signal);
  }
}

async function read(response: Response, pick: (answer: unknown) => unknown): Promise<string> {
  const { status } = response;
  const body = await response.text();
  if (!response.ok) throw new TokenRefreshError(`it answered ${status}`, status, body);
  let token: unknown;
  try {
    token = pick(JSON.parse(body));
  } catch (error) {
    throw new TokenRefreshError("its answer isn't JSON, or pick threw", status, body, error);
  }
  if (typeof token === 'string' && token.trim() !== '') return token;
  throw new TokenRefreshError('there is none in its answer; see the option pick', status, body);
}

function tokenIn(answer: unknown): unknown {
  const { access_token, accessToken, token } = Object(answer) as Record<string, unknown>;
  return access_token ?? accessToken ?? token;
}
