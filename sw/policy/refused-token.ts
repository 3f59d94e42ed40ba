import { challenges } from './challenges.js';
import { asList, asRecord } from './json.js';
import type { Answer } from './outcome.js';

/**
 * Authentication schemes that take no token, of the IANA registry and Microsoft's: a closed list. All other schemes may mean
 * the bearer, `ApiKey` among them: a server that takes keys and tokens often names the first of its schemes alone.
 */
const TOKENLESS = /^(basic|digest|negotiate|ntlm|mutual|hoba|key|scram-.+)$/;

/** Errors of RFC 6750 §3.1 that a fresh token doesn't mend: the token lacks a right, or the request is malformed. */
const NOT_THE_TOKEN: ReadonlySet<string | undefined> = new Set(['insufficient_scope', 'invalid_request']);

/** Matches codes that name another credential than the token, by whole words. */
const OTHER_CREDENTIAL = /(?:^|_)(?:api_?key|pass_?(?:word|code|phrase|wd)|pin|[th]?otp|mfa|2_?fa|two_?factor|(?:re|h)?captcha|csrf|xsrf)s?(?:_|$)/;

/** Matches codes that name the token itself, by whole words. */
const TOKEN = /(?:^|_)(?:token|jwt)s?(?:_|$)/;

/**
 * Whether a 401 to our bearer refuses the token. The default is yes, unless the answer says otherwise in one of three
 * ways: every challenge is of a scheme that takes no token; the Bearer challenge's error isn't about the token; a code, in
 * the body or as the Bearer challenge's error, names another credential. The error `invalid_token` outweighs any code in the
 * body: the error is standardised, and `PASSWORD_CHANGED` in the body may be why the token was revoked.
 *
 * @param codes an app's strict list: only these codes, `invalid_token`, or no reason at all refuse the token
 */
export function isTokenRefused(answer: Answer, codes?: readonly string[]): boolean {
  const { schemes, errors } = challenged(answer);
  if (errors.includes('invalid_token')) return true;
  if (schemes.length > 0 && schemes.every((scheme) => TOKENLESS.test(scheme))) return false;
  if (errors.some((error) => NOT_THE_TOKEN.has(error))) return false;
  const reasons = reasonsIn(answer);
  if (codes) return reasons.length === 0 || reasons.some((code) => codes.includes(code));
  return !namesOther(answer);
}

/** Whether a code names another credential than token and session: an API key, a password, a captcha. */
export const namesOther = (answer: Answer): boolean => reasonsIn(answer).some((code) => names(OTHER_CREDENTIAL, code));

/** Whether a code names a CSRF token, such as `EBADCSRFTOKEN`. */
export const namesCsrf = (answer: Answer): boolean => reasonsIn(answer).some((code) => /[cx]srf/i.test(code));

/** Whether the answer names the token as the reason: `invalid_token`, or a code such as `TOKEN_EXPIRED`. */
export function namesToken(answer: Answer, codes: readonly string[] = []): boolean {
  return (
    challenged(answer).errors.includes('invalid_token') ||
    reasonsIn(answer).some((code) => codes.includes(code) || (names(TOKEN, code) && !names(OTHER_CREDENTIAL, code)))
  );
}

/** The schemes of all challenges, and the errors of the Bearer challenges. */
function challenged({ headers }: Answer): { schemes: string[]; errors: string[] } {
  const all = challenges(headers['www-authenticate'] ?? '');
  const errors = all.flatMap(({ scheme, params: { error } }) => (scheme === 'bearer' && error !== undefined ? [error] : []));
  return { schemes: all.map(({ scheme }) => scheme), errors };
}

/** How many entries of a list in a body are looked at. */
const LOOKED_AT = 50;

/**
 * The machine-readable reasons of a refusal: the errors of the Bearer challenges; and in a JSON body, of an object or of each
 * object in a list, `code`, `error`, `error.code`, `error.data.code` (tRPC) and `errors[].extensions.code` (GraphQL). A
 * sentence is no such reason, nor is the status in words.
 */
function reasonsIn(answer: Answer): string[] {
  const found = asList(answer.body).slice(0, LOOKED_AT).flatMap((part) => {
    const { code, error, errors } = asRecord(part);
    const { code: inError, data } = asRecord(error);
    const inErrors = Array.isArray(errors) ? errors.slice(0, LOOKED_AT).map((part) => asRecord(asRecord(part)['extensions'])['code']) : [];
    return [code, error, inError, asRecord(data)['code'], ...inErrors];
  });
  return [...challenged(answer).errors, ...found].filter(isCode);
}

const isCode = (value: unknown): value is string =>
  typeof value === 'string' && /^\S{1,200}$/.test(value) && !/^(unauthorized|401)$/i.test(value);

/**
 * Whether a code matches a pattern of whole words. Where capitals run into small letters, an abbreviation may end before the
 * last capital (`BadAPIKey`) or after it (`InvalidAPIkey`): both readings count.
 */
const names = (pattern: RegExp, code: string): boolean =>
  [/([A-Z])([A-Z][a-z])/g, /([A-Z]{2})([a-z])/g].some((border) => pattern.test(inWords(code, border)));

/** `BadApiKey`, `BAD-API-KEY` and `bad.api_key` as `bad_api_key`. */
const inWords = (code: string, border: RegExp): string =>
  code
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(border, '$1_$2')
    .replace(/[^a-zA-Z\d]+/g, '_')
    .toLowerCase();
