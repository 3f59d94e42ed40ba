import type { Answer, Verdict } from './outcome.js';
import { namesCsrf, namesOther } from './refused-token.js';

/**
 * Whether an answer to a stored request without `Authorization` says that its cookie session is over. The first row
 * that fits counts:
 *
 * | answer | session over | source |
 * |---|---|---|
 * | the verdict is `delivered` or `transient` | no | |
 * | a page of HTML at another path, by a redirect, that wasn't asked for | yes | a login page |
 * | 419 | yes | Laravel's "page expired" |
 * | 401 whose code names another credential: API key, password, OTP, MFA, captcha | no | |
 * | any other 401 | yes | RFC 9110 §15.5.2 |
 */
export function isSessionOver(answer: Answer, verdict: Verdict): boolean {
  const { isPage = false, status } = answer;
  return verdict !== 'delivered' && verdict !== 'transient' && (isPage || status === 419 || (status === 401 && !namesOther(answer)));
}

/**
 * Whether an answer to a request with a CSRF header refuses that. `yes`: 419, and any 4xx whose code names it, such as
 * `EBADCSRFTOKEN`. `perhaps`: any other 403, as many a framework gives no code. `if-stale`: a 400 or 422, with which Rails
 * and ASP.NET refuse it, if the value is known to be stale.
 */
export function csrfRefusal(answer: Answer, verdict: Verdict): 'yes' | 'perhaps' | 'if-stale' | null {
  const { status } = answer;
  if (verdict !== 'permanent' || status < 400 || status > 499) return null;
  if (status === 419 || namesCsrf(answer)) return 'yes';
  return status === 403 ? 'perhaps' : status === 400 || status === 422 ? 'if-stale' : null;
}
