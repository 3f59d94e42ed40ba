import type { Outcome, Answer, Verdict } from './outcome.js';

/** The error codes that say "this token is no good any more". */
export const JWT_CODES: readonly string[] = [
  'InvalidJwtPayload',
  'BadAuthorizationHeader',
  'JwtUserIdentifiersMismatched',
  'invalid_token',
  'token_expired',
  'TOKEN_EXPIRED',
];

/** What an app's own classifier may change of this one. */
export interface ClassifyOptions {
  /** Replaces the list of codes that mean an expired token. @default JWT_CODES */
  codes?: readonly string[];
}

/** Judges one send by what came of it, and by nothing else: the same outcome is always the same verdict. */
export type Classifier = (outcome: Outcome) => Verdict;

const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * What an outcome means for an entry. A pure function of the status, the headers, the parsed error
 * body and whether a bearer was sent; never of message text.
 *
 * @example classify({ kind: 'answer', status: 503, headers: {}, bearer: false }) // 'transient'
 */
export function classify(outcome: Outcome, { codes = JWT_CODES }: ClassifyOptions = {}): Verdict {
  switch (outcome.kind) {
    case 'unreachable':
      return 'transient';
    case 'unsendable':
    case 'aborted':
      return 'permanent';
    case 'answer':
      if (outcome.opaque) return 'permanent';
      if (outcome.status >= 200 && outcome.status < 400) return 'delivered';
      if (outcome.status === 401 && isExpiredToken(outcome, codes)) return 'auth-expired';
      return TRANSIENT.has(outcome.status) ? 'transient' : 'permanent';
  }
}

/** Whether a 401 speaks of the token that we sent. Without a bearer it can't. */
function isExpiredToken(answer: Answer, codes: readonly string[]): boolean {
  if (!answer.bearer) return false;
  const challenge = answer.headers['www-authenticate'];
  if (challenge !== undefined && bearerError(challenge) === 'invalid_token') return true;
  const reasons = errorCodes(answer.body);
  if (reasons.length > 0) return reasons.some((code) => codes.includes(code));
  // RFC 6750 §3.1: a Bearer challenge without an error code says no more than "authenticate".
  return challenge === undefined || bearerError(challenge) === '';
}

/** The `error` of the header's Bearer challenge: '' when it has none, null when there's no such challenge. */
function bearerError(challenge: string): string | null {
  // Quoted strings are blanked first, so that a realm of "x, Bearer y" is no challenge.
  const quoted: string[] = [];
  const bare = challenge.replace(/"((?:[^"\\]|\\.)*)"/g, (_, text: string) => `"${quoted.push(text) - 1}"`);
  const start = /(?:^|,)\s*bearer(?=\s|,|$)/i.exec(bare);
  if (!start) return null;
  const rest = bare.slice(start.index + start[0].length);
  // The next challenge begins with a scheme: a token that no `=` follows.
  const end = /,\s*[!#$%&'*+.^_`|~\w-]+(?:\s+[^\s=,]|\s*(?:,|$))/.exec(rest);
  const error = /(?:^|[\s,])error\s*=\s*(?:"(\d+)"|([^\s,]+))/i.exec(end ? rest.slice(0, end.index) : rest);
  if (!error) return '';
  return error[1] === undefined ? (error[2] ?? '') : (quoted[Number(error[1])] ?? '');
}

/**
 * The machine-readable reasons in a JSON error body: `code`, `error.code`, `error`, and
 * `errors[].extensions.code` (GraphQL). The reason phrase "Unauthorized", which many frameworks put
 * into `error`, is only the status in words, so it's no reason.
 */
function errorCodes(body: unknown): string[] {
  const { code, error, errors } = record(body);
  const found = [code, error, record(error)['code']];
  if (Array.isArray(errors)) for (const one of errors) found.push(record(record(one)['extensions'])['code']);
  return found.filter((value): value is string => typeof value === 'string' && !/^(unauthorized|401)?$/i.test(value));
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
