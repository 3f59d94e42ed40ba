import type { BackendConfig } from '../../config.js';
import { withoutCsrf } from '../../policy/csrf.js';
import { keyOf } from '../../policy/idempotency.js';
import { turnOf, UNTRIED } from '../../policy/entry-record.js';
import { graphqlOperation } from '../../policy/shapes.js';
import type { Body, Draft, Ports, FetchContext, Requested } from '../../ports.js';
import { DIRECTIVES, IDEMPOTENCY_HEADER } from '../../protocol/headers.js';
import { generatedTaskId, joinKey } from '../../protocol/ids.js';
import { learnCsrf, type CsrfHeaders } from '../auth/csrf.js';
import type { Holds } from '../auth/tokens.js';
import type { Ticket } from '../backend/arrivals.js';
import type { Backend } from '../backend/backend.js';
import { authGateOf, sessionUser } from '../backend/gates.js';
import { sizeOf, describeRequest } from '../send/stored-request.js';
import { ownHeaders, type Directives } from './directives.js';

/** A request as data: the draft of its entry, and the credentials that never reach the disk. */
export interface Described {
  draft: Draft;
  body: Body | null;
  /** The credential in the `Authorization` header, without the scheme. */
  credential: string | null;
  bearer: boolean;
  /** The page's CSRF headers, for the first send. */
  csrf: CsrfHeaders;
  /** The token generation of the first send. */
  generation: number;
  /** The backend's count of sign-outs when the request arrived. */
  signOuts: number;
  /** The GraphQL operation that the body is; null where it's none. A read is never stored. */
  operation: 'read' | 'write' | null;
  /** No other entry can have the draft's id. */
  isNewId: boolean;
  /** The request's fingerprint: the same for an equal request of the same page. Computed at the first call. */
  fingerprint(): Promise<string>;
}

/** One fetch event and its request, as the steps of a capture hand them on. */
export interface Exchange extends Described {
  readonly backend: Backend;
  readonly directives: Directives;
  /** The page's request, whose body has been read. */
  request: Request;
  readonly context: FetchContext;
  /** The signal of the page, which may give the request up. */
  readonly signal: AbortSignal;
  readonly ticket: Ticket;
  /** The stored request that's marked as waiting for this event's answer; null when none is. */
  stored: Requested | null;
}

/** Describes a request, and changes nothing. The request's body is read here, once, before anything is sent. */
export async function describeExchange(
  request: Request,
  directives: Directives,
  backend: Backend,
  { lane, clientId }: { lane: string; clientId: string },
  { clock, chance, digest }: Pick<Ports, 'clock' | 'chance' | 'digest'>,
): Promise<Described> {
  const { config } = backend;
  // The session is read before anything is awaited: a sign-in or sign-out meanwhile isn't the request's.
  const cookieUser = sessionUser(backend);
  const { signOuts } = backend;
  const body = await bodyOf(request);
  const bodySize = sizeOf(body);
  const requestId = chance.uuid();
  const {
    authorization = null,
    [IDEMPOTENCY_HEADER]: pagesKey,
    ...others
  } = ownHeaders(request.headers);
  const { headers, csrf } = withoutCsrf(others, config.csrf.headers);
  const csrfNames = Object.keys(csrf);

  const { bearer, credential, scheme } = credentialIn(authorization, directives, config);
  const session = config.auth !== null && !directives.anonymous && scheme === null;
  const now = clock.now();
  const id = directives.id ?? generatedTaskId(now, chance.bytes(10));
  const owner = scheme !== null ? config.owner(credential) : session ? cookieUser : null;
  const draft: Draft = {
    ...UNTRIED,
    id,
    key: joinKey(config.namespace, config.baseUrl, id),
    requestId,
    backend: config.key,
    baseUrl: config.baseUrl,
    namespace: config.namespace,
    lane,
    owner,
    scheme,
    session,
    state: 'pending',
    reason: 'first-send',
    since: now,
    capturedAt: now,
    agesFrom: now,
    sentAt: now,
    notBefore: now,
    idempotencyKey: pagesKey ?? keyOf(config.idempotencyKey, requestId),
    ...(pagesKey !== undefined && { pagesKey: true }),
    request: describeRequest(request, headers),
    ...(csrfNames.length > 0 && { csrf: csrfNames }),
    ...(directives.provides !== null && { provides: directives.provides }),
    bodySize,
    turn: turnOf({ backend: config.key, lane, scheme, owner, session }),
  };
  let isNewId = directives.id === null;
  // Whoever is told that a write has failed makes it again. The id is made of the request, so that it's still the same entry.
  if (isNewId && clientId && (directives.mode ?? config.respond) === 'reject') {
    isNewId = false;
    draft.id = await fingerprintOf([clientId, draft.turn, draft.request, csrfNames, pagesKey], body, digest);
    draft.key = joinKey(config.namespace, config.baseUrl, draft.id);
  }
  let fingerprint: Promise<string> | null = null;
  return {
    draft,
    body,
    credential,
    bearer,
    csrf,
    generation: generationOf(backend, draft, credential),
    signOuts,
    isNewId,
    operation: body instanceof ArrayBuffer ? graphqlOperation(draft.request.headers['content-type'], body) : null,
    fingerprint: () =>
      (fingerprint ??= fingerprintOf([clientId, request.method, request.url, ...request.headers], body, digest)),
  };
}

/** The token generation of a request, or its session's: an earlier one for a token that isn't live, so that a 401 to it doesn't close the gate. */
function generationOf(backend: Backend, { owner, session }: Pick<Draft, 'owner' | 'session'>, credential: string | null): number {
  if (session) return authGateOf(backend, owner, true).generation;
  const isStale = backend.token !== null && backend.token.value !== credential;
  return authGateOf(backend, owner).generation - (isStale ? 1 : 0);
}

/**
 * Learns the token and the CSRF token of a request, and sets the exchange's token generation.
 *
 * @param redelivered whether the event is a redelivery, whose token may be an old one by now
 */
export async function learnFrom(exchange: Exchange, holds: Pick<Holds, 'learn' | 'renewCsrf'>, redelivered: boolean): Promise<void> {
  const { backend, credential, draft, signOuts } = exchange;
  const { scheme } = draft;
  if (!redelivered && learnCsrf(backend, exchange.csrf)) await holds.renewCsrf(backend);
  if (scheme !== null && credential) await holds.learn(backend, credential, scheme, { signOuts, redelivered });
  exchange.generation = generationOf(backend, draft, credential);
}

interface Credentials {
  bearer: boolean;
  /** The credential without its scheme. */
  credential: string | null;
  /** Null where a replay needs no credential. */
  scheme: string | null;
}

function credentialIn(authorization: string | null, { anonymous }: Pick<Directives, 'anonymous'>, { auth }: BackendConfig): Credentials {
  // Some APIs want a bare key, with no scheme before it.
  const [, given = null, credential = null] = /^(?:(\S+)\s+)?(.+)$/.exec(authorization ?? '') ?? [];
  const bearer = given?.toLowerCase() === 'bearer';
  const isNeeded = auth !== null && !anonymous && credential !== null;
  return { bearer, credential, scheme: isNeeded ? (bearer ? 'Bearer' : (given ?? '')) : null };
}

/** The credential of a request that isn't captured; null when there's none, or it's the live one. */
export function newCredentialIn(request: Request, backend: Backend): { credential: string; scheme: string } | null {
  const anonymous = request.headers.get(DIRECTIVES.auth) === 'none';
  const { credential, scheme } = credentialIn(request.headers.get('authorization'), { anonymous }, backend.config);
  return scheme === null || !credential || credential === backend.token?.value ? null : { credential, scheme };
}

/** Bodies up to this size are kept as bytes, as each Blob is a file of its own. In bytes. */
const SMALL = 64 * 1024;

/** Content types of text, which is too small to be worth a Blob. */
export const TEXT = /^(text\/|application\/(x-www-form-urlencoded|([^;]+\+)?json))/i;

/** The body of a request; null for none. A body that may be large is read as a Blob, which Chromium keeps outside of the worker. */
async function bodyOf(request: Request): Promise<Body | null> {
  if (request.method === 'GET' || request.method === 'HEAD') return null;
  const isText = TEXT.test(request.headers.get('content-type') ?? '');
  const body = isText ? await request.arrayBuffer() : await request.blob();
  // An empty body is read as well, and a PATCH or a DELETE says `Content-Length: 0` with it. Without a body there's nothing to use up.
  if (sizeOf(body) === 0 && !request.bodyUsed) return null;
  return body instanceof Blob && body.size <= SMALL ? body.arrayBuffer() : body;
}

/** How much of a Blob is in memory at once, in bytes. */
const SLICE = 1024 * 1024;

/** The fingerprint of a whole request, the token included: two requests with a difference anywhere aren't the same. */
async function fingerprintOf(said: unknown[], body: Body | null, digest: Ports['digest']): Promise<string> {
  // Bytes in memory make one digest, as each digest is a round trip to another thread.
  if (!(body instanceof Blob)) {
    const head = new TextEncoder().encode(JSON.stringify(said));
    const whole = new Uint8Array(head.byteLength + sizeOf(body));
    whole.set(head);
    if (body) whole.set(new Uint8Array(body), head.byteLength);
    return digest(whole.buffer);
  }
  const digests: string[] = [];
  for (let at = 0; at < body.size; at += SLICE) digests.push(await digest(await body.slice(at, at + SLICE).arrayBuffer()));
  return digest(JSON.stringify([...said, ...digests]));
}
