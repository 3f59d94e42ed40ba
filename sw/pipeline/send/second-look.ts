import type { EntryRecord, StoredRequest } from '../../policy/entry-record.js';
import { maskUrl } from '../../policy/secrets.js';
import type { Backend } from '../backend/backend.js';
import type { Transmission } from './transmit.js';

/** How a request is sent, apart from its headers. */
export interface Manner {
  /** With the entry's idempotency key. */
  isKeyed: boolean;
  mode: RequestMode;
  redirect: RequestRedirect;
}

type Keyed = Pick<EntryRecord, 'request' | 'idempotencyKey' | 'pagesKey' | 'alone'>;

/** Whether an entry's key is of our own making, and goes to the worker's own origin. A key that the page set travels as the page wants. */
const isOurKey = ({ idempotencyKey, pagesKey }: Keyed, { config }: Backend): boolean => config.isSameOrigin && idempotencyKey !== null && !pagesKey;

/**
 * How an entry's request is sent. Where a redirect leaves the origin, a key of ours would need a preflight, which few servers
 * answer, and a foreign server would hear it. So the browser is told not to leave the origin with the key, and at an address
 * that is known to lead to another origin the key is left out. With `no-referrer` the mode stays, as Firefox would make the
 * `Origin` null (https://fetch.spec.whatwg.org/#append-a-request-origin-header). An entry that alone gets no answer follows no
 * redirect, so that one which the browser refuses is seen.
 */
export function mannerOf(entry: Keyed, backend: Backend): Manner {
  const { mode, redirect, referrerPolicy } = entry.request as StoredRequest & Manner;
  if (!isOurKey(entry, backend)) return { isKeyed: true, mode, redirect };
  if (backend.record.keyless?.includes(addressOf(entry.request))) return { isKeyed: false, mode, redirect };
  return { isKeyed: true, mode: referrerPolicy === 'no-referrer' ? mode : 'same-origin', redirect: entry.alone ? 'manual' : redirect };
}

/** So many addresses are known to lead to another origin. */
const KNOWN = 50;

const addressOf = ({ method, url }: StoredRequest): string => `${method} ${url.split('?')[0]}`;

/**
 * Looks into a page's own send that got no answer, so that the page hears what it would hear without a worker. Returns the
 * failure as it was where the server doesn't answer: then the network is to blame.
 *
 * ```
 *  no answer ─▶ HEAD to the backend ── none ─▶ an outage: the request is kept
 *                  │ answered
 *                  ▼
 *               HEAD to the same URL ── none ─▶ blocked in the browser: the page's own failure
 *                  │ answered
 *                  ▼
 *               again, following no redirect ── an answer ─▶ that answer
 *                  │ a redirect               └ none ─▶ this request is the suspect
 *                  ▼
 *               again, without a key of ours ── none ─▶ a redirect that the browser refuses: the page's own failure
 * ```
 * A request without a key isn't sent again at once: the server may have acted on it, and the browser hides the answer.
 * The second send goes under the same key. So the third send, without the key, is made only when the server has answered
 * the first two with a redirect.
 */
export async function secondLook(
  failed: Transmission,
  entry: Keyed,
  backend: Backend,
  signal: AbortSignal,
  send: (manner: Manner) => Promise<Transmission>,
): Promise<Transmission> {
  const { validation } = backend;
  if (!(await validation.isBackendThere(signal))) return failed;
  if (!(await validation.isReached(entry.request.url, signal)) && !signal.aborted) return refused(entry, "nothing gets there, so it's blocked in the browser");
  if (entry.idempotencyKey === null) return witnessed(failed);
  const manner = mannerOf(entry, backend);
  const again = await send({ ...manner, redirect: 'manual' });
  if (again.outcome.kind === 'unreachable') return witnessed(again);
  if (again.outcome.kind !== 'answer' || !again.outcome.opaque) return again;
  if (isOurKey(entry, backend) && manner.isKeyed) {
    const { mode, redirect } = entry.request as StoredRequest & Manner;
    const sent = await followed(backend, entry, send({ isKeyed: false, mode, redirect }));
    if (sent.outcome.kind !== 'unreachable') return sent;
  }
  return refused(entry, 'the browser refuses to follow the redirect');
}

/** A send that got no answer, though the server answers. */
const witnessed = (sent: Transmission): Transmission => (sent.outcome.kind === 'unreachable' ? { ...sent, outcome: { ...sent.outcome, witnessed: true } } : sent);

const refused = ({ request: { method, url } }: Keyed, why: string): Transmission => ({
  outcome: { kind: 'unsendable', message: `${method} ${maskUrl(url)} fails without Holdfast, too, and isn't kept: ${why}` },
  response: null,
  drop: () => {},
});

/**
 * The result of a send without our key. An answer that came by a redirect shows that the address leads to another origin, which is
 * noted. The redirect alone doesn't: it may have been a network's login page.
 */
export async function followed(backend: Backend, { request }: Pick<EntryRecord, 'request'>, sending: Promise<Transmission>): Promise<Transmission> {
  const sent = await sending;
  const { keyless = [] } = backend.record;
  if (sent.outcome.kind === 'answer' && sent.outcome.redirected) backend.record = { ...backend.record, keyless: [addressOf(request), ...keyless].slice(0, KNOWN) };
  return sent;
}
