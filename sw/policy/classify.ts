import { readBodyErrors, type BodyErrors } from './body-errors.js';
import type { Outcome, Answer, Verdict } from './outcome.js';
import { isTokenRefused, namesToken } from './refused-token.js';
import { retryAfterIn } from './retry-after.js';

/** Error codes that say "this token is no good any more": a list to begin with for `auth.codes`, which is strict. */
export const JWT_CODES: readonly string[] = [
  'InvalidJwtPayload',
  'BadAuthorizationHeader',
  'JwtUserIdentifiersMismatched',
  'invalid_token',
  'token_expired',
  'TOKEN_EXPIRED',
];

/** The options by which an app's own classifier may change the default. */
export interface ClassifyOptions {
  /** A strict list: a 401 holds only with one of these codes, `invalid_token`, or no reason at all. @default any 401 to a bearer, but for the three exceptions */
  codes?: readonly string[] | undefined;
  /** Reads the body of any answer to a bearer for a refusal of the token that the status doesn't show. @default no body is read */
  bodyErrors?: BodyErrors | undefined;
}

/** Judges one send by its outcome alone: the same outcome always gets the same verdict. */
export type Classifier = (outcome: Outcome) => Verdict;

/** The 4xx that say "later": RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

/** The 5xx that another try doesn't change: not implemented, the version, negotiation, a loop, an extension. */
const FINAL_5XX: ReadonlySet<number> = new Set([501, 505, 506, 508, 510]);

/**
 * The verdict on an outcome. A pure function of the status, the headers, the URL of the answer, the parsed error body,
 * and the token that was sent; never of message text. Under an idempotency key `verdictUnderKey` may overrule it for a 409, 423 or 425.
 * The first row that fits counts:
 *
 * | outcome | verdict | source |
 * |---|---|---|
 * | no answer, or none in time | transient | |
 * | can't be sent; aborted by the user; an opaque redirect | permanent | |
 * | `bodyErrors`: a bearer was sent, the body says "not authenticated", and nothing was done; but for the first send's exception and the 401s of the next rows, where `bodyErrors` is no function | auth-expired | GraphQL §7.1, trpc.io/docs/rpc |
 * | a page of HTML at another path, by a redirect, that wasn't asked for | permanent | |
 * | 2xx, 3xx | delivered | RFC 9110 §15.3, §15.4 |
 * | 403 with a `Retry-After` | transient | RFC 9110 §10.2.3 |
 * | 401 without a bearer | permanent | RFC 9110 §15.5.2 |
 * | 401 to a first send with an accepted JWT that's good for longer, if nothing in it names the token | permanent | |
 * | 401, or 403 to a first send whose JWT was over, and every challenge takes no token (Basic, Digest …) | permanent | RFC 9110 §11.6.1 |
 * | … and the Bearer challenge says `insufficient_scope` or `invalid_request` | permanent | RFC 6750 §3.1 |
 * | … and a code in the body names another credential: API key, password, OTP, MFA, captcha, CSRF | permanent | |
 * | … and with `codes`, another reason than one of these | permanent | |
 * | … otherwise | auth-expired | RFC 6750 §3.1 |
 * | 408, 425, 429 | transient | RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4 |
 * | 501, 505, 506, 508, 510 | permanent | RFC 9110 §15.6, RFC 2295 §8.1, RFC 5842 §7.2, RFC 2774 §7 |
 * | any other 5xx: an unknown one is a 500 | transient | RFC 9110 §15 |
 * | any other 4xx | permanent | RFC 9110 §15.5 |
 *
 * @example classify({ kind: 'answer', status: 503, headers: {}, bearer: false }) // 'transient'
 */
export function classify(outcome: Outcome, { codes, bodyErrors }: ClassifyOptions = {}): Verdict {
  switch (outcome.kind) {
    case 'unreachable':
      return 'transient';
    case 'unsendable':
    case 'aborted':
      return 'permanent';
    case 'answer': {
      if (outcome.opaque) return 'permanent';
      if (bodyErrors && !isPages(outcome, codes) && refusesInBody(bodyErrors, outcome)) return 'auth-expired';
      if (outcome.isPage) return 'permanent';
      const { status, headers } = outcome;
      if (status >= 200 && status < 400) return 'delivered';
      if (status === 403 && retryAfterIn(headers, 0) !== null) return 'transient';
      if (speaksOfToken(outcome, codes)) return 'auth-expired';
      return LATER.has(status) || (status >= 500 && !FINAL_5XX.has(status)) ? 'transient' : 'permanent';
    }
  }
}

/** Whether an answer refuses the token that we sent; never true without a bearer. */
function speaksOfToken(answer: Answer, codes: readonly string[] | undefined): boolean {
  const { status, bearer, token } = answer;
  if (!bearer || !(status === 401 || (status === 403 && token === 'over'))) return false;
  return !isPages(answer, codes) && isTokenRefused(answer, codes);
}

/** Whether a body says "not authenticated". A 401 that says in a standard way that it isn't for the token may be overruled by the app's own function only. */
const refusesInBody = (bodyErrors: BodyErrors, answer: Answer): boolean =>
  readBodyErrors(bodyErrors, answer) === 'refused' && (answer.status !== 401 || typeof bodyErrors === 'function' || isTokenRefused(answer));

/** Whether a refusal is the page's own affair: the token was accepted before and is good for longer, and the answer doesn't name the token. */
const isPages = (answer: Answer, codes: readonly string[] | undefined): boolean => answer.token === 'accepted' && !namesToken(answer, codes);
