import { DIRECTIVES, IDEMPOTENCY_HEADER } from '../../protocol/headers.js';
import { generatedTaskId, joinKey } from '../../protocol/ids.js';
import { turnOf, UNTRIED } from '../../policy/entry-record.js';
import type { Body, Draft, Ports, FetchContext, Requested } from '../../ports.js';
import type { Backend } from '../backend/backend.js';
import type { Ticket } from '../backend/arrivals.js';
import { ownHeaders, type Directives } from './directives.js';
import type { Holds } from '../auth/tokens.js';
import { authGateOf, sessionUser } from '../backend/gates.js';
import type { BackendConfig } from '../../config.js';
import { sizeOf, describeRequest } from '../send/stored-request.js';

/** A request as data: what an entry would be made of, and what the disk mustn't see beside it. */
export interface Described {
  draft: Draft;
  body: Body | null;
  /** The header as the page set it, for the first send. */
  authorization: string | null;
  /** The credential in that header, without the scheme. */
  credential: string | null;
  bearer: boolean;
  /** The token generation that the first send travels under. */
  generation: number;
  /** Sign-outs there had been when the request arrived. */
  signOuts: number;
  /** The same for the same request of the same page. Made when it's first asked for. */
  fingerprint(): Promise<string>;
}

/** One fetch event and its request: what the steps of a capture hand on to each other. */
export interface Exchange extends Described {
  readonly backend: Backend;
  readonly directives: Directives;
  readonly context: FetchContext;
  /** The page's own: it may give the request up. */
  readonly signal: AbortSignal;
  readonly ticket: Ticket;
  /** The request on disk that is marked as waiting for this event's answer; null when there's none, or none any more. */
  stored: Requested | null;
}

/** Describes a request, and changes nothing. Its body is read here, once, before anything is sent. */
export async function describeExchange(
  request: Request,
  directives: Directives,
  backend: Backend,
  { lane, clientId }: { lane: string; clientId: string },
  { clock, chance, digest }: Pick<Ports, 'clock' | 'chance' | 'digest'>,
): Promise<Described> {
  const { config } = backend;
  // Before anything is awaited: whoever signs in or out meanwhile, this is what it came with.
  const cookieUser = sessionUser(backend);
  const { signOuts } = backend;
  const body = await bodyOf(request);
  const bodySize = sizeOf(body);
  const requestId = chance.uuid();
  const {
    authorization = null,
    [IDEMPOTENCY_HEADER]: ownKey = config.idempotencyKey ? `"${requestId}"` : null,
    ...headers
  } = ownHeaders(request.headers);

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
    idempotencyKey: ownKey,
    request: describeRequest(request, headers),
    bodySize,
    turn: turnOf({ backend: config.key, lane, scheme, owner, session }),
  };
  let fingerprint: Promise<string> | null = null;
  return {
    draft,
    body,
    authorization,
    credential,
    bearer,
    generation: generationOf(backend, owner, credential),
    signOuts,
    fingerprint: () =>
      (fingerprint ??= fingerprintOf([clientId, request.method, request.url, ...request.headers], body, digest)),
  };
}

/** A 401 for an older token than the live one says nothing about the live one. */
function generationOf(backend: Backend, owner: string | null, credential: string | null): number {
  const isStale = backend.token !== null && backend.token.value !== credential;
  return authGateOf(backend, owner).generation - (isStale ? 1 : 0);
}

/**
 * Learns the token of a request. The first send travels under the generation of that token.
 *
 * @param redelivered the browser has given the event to a second worker: its token may be an old one by now
 */
export async function learnFrom(exchange: Exchange, holds: Pick<Holds, 'learn'>, redelivered: boolean): Promise<void> {
  const { backend, credential, draft: { owner, scheme }, signOuts } = exchange;
  if (scheme !== null && credential) await holds.learn(backend, credential, scheme, { signOuts, redelivered });
  exchange.generation = generationOf(backend, owner, credential);
}

interface Credentials {
  bearer: boolean;
  /** Without the scheme. */
  credential: string | null;
  /** Null where none is needed at replay. */
  scheme: string | null;
}

function credentialIn(authorization: string | null, { anonymous }: Pick<Directives, 'anonymous'>, { auth }: BackendConfig): Credentials {
  // Some APIs want a bare key, with no scheme before it.
  const [, given = null, credential = null] = /^(?:(\S+)\s+)?(.+)$/.exec(authorization ?? '') ?? [];
  const bearer = given?.toLowerCase() === 'bearer';
  const isNeeded = auth !== null && !anonymous && credential !== null;
  return { bearer, credential, scheme: isNeeded ? (bearer ? 'Bearer' : (given ?? '')) : null };
}

/** The credential of a request that isn't captured, where there's anything to learn from it: another one than the live one. */
export function newCredentialIn(request: Request, backend: Backend): { credential: string; scheme: string } | null {
  const anonymous = request.headers.get(DIRECTIVES.auth) === 'none';
  const { credential, scheme } = credentialIn(request.headers.get('authorization'), { anonymous }, backend.config);
  return scheme === null || !credential || credential === backend.token?.value ? null : { credential, scheme };
}

/** Bodies up to this size are kept as bytes: a Blob is a file of its own. */
const SMALL = 64 * 1024;

/** What's text by its type, and so too small to be worth a Blob that must be asked for its bytes. */
const TEXT = /^(text\/|application\/(x-www-form-urlencoded|([^;]+\+)?json))/i;

/** The body, if there is any. What may be large comes as a Blob, which Chromium keeps outside of the worker. */
async function bodyOf(request: Request): Promise<Body | null> {
  if (request.method === 'GET' || request.method === 'HEAD') return null;
  const isText = TEXT.test(request.headers.get('content-type') ?? '');
  const body = isText ? await request.arrayBuffer() : await request.blob();
  if (sizeOf(body) === 0) return null;
  return body instanceof Blob && body.size <= SMALL ? body.arrayBuffer() : body;
}

/** So much of a Blob is in memory at once. */
const SLICE = 1024 * 1024;

/** Of everything that the page has said, the token included: two requests are one only if they're the same in all. */
async function fingerprintOf(said: unknown[], body: Body | null, digest: Ports['digest']): Promise<string> {
  // Each digest is a way to another thread and back, so what is in memory makes one.
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
