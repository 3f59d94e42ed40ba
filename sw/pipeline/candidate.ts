import { IDEMPOTENCY_HEADER } from '../protocol/headers.js';
import { generatedTaskId, joinKey } from '../protocol/ids.js';
import { turnOf, UNTRIED, type EntryRecord, type StoredRequest } from '../policy/entry-record.js';
import type { Draft, Ports } from '../ports.js';
import { gateOf, type Backend } from './backend.js';
import { ownHeaders, type Directives } from './directives.js';
import type { Holds } from './hold.js';

/** A request that may have to be stored: all of it as data, and what the disk mustn't see beside it. */
export interface Candidate {
  draft: Draft;
  body: ArrayBuffer | null;
  /** As the page set it, for the first send. */
  authorization: string | null;
  /** The credential in it, without the scheme. */
  credential: string | null;
  bearer: boolean;
  /** The token generation that the first send travels under. */
  generation: number;
}

/** Describes a request. Its body is read here, once, before anything is sent. */
export async function candidateOf(
  request: Request,
  directives: Directives,
  backend: Backend,
  holds: Holds,
  { clock, chance }: Pick<Ports, 'clock' | 'chance'>,
): Promise<Candidate> {
  const { config } = backend;
  const bytes = request.method === 'GET' || request.method === 'HEAD' ? null : await request.arrayBuffer();
  const body = bytes && bytes.byteLength > 0 ? bytes : null;
  const {
    authorization = null,
    [IDEMPOTENCY_HEADER]: ownKey = config.idempotencyKey ? `"${chance.uuid()}"` : null,
    ...headers
  } = ownHeaders(request.headers);

  // Some APIs want a bare key, with no scheme before it.
  const [, givenScheme = null, credential = null] = /^(?:(\S+)\s+)?(.+)$/.exec(authorization ?? '') ?? [];
  const bearer = givenScheme?.toLowerCase() === 'bearer';
  const needsToken = config.auth !== null && !directives.anonymous && credential !== null;
  const scheme = needsToken ? (bearer ? 'Bearer' : (givenScheme ?? '')) : null;
  if (scheme !== null && credential) await holds.learn(backend, credential, scheme);

  const now = clock.now();
  const id = directives.id ?? generatedTaskId(now, chance.bytes(10));
  const lane = directives.lane ?? config.lane(request);
  const owner = config.owner(scheme === null ? null : credential);
  const draft: Draft = {
    ...UNTRIED,
    id,
    key: joinKey(config.namespace, config.baseUrl, id),
    backend: config.key,
    baseUrl: config.baseUrl,
    namespace: config.namespace,
    lane,
    owner,
    scheme,
    state: 'pending',
    reason: 'first-send',
    since: now,
    capturedAt: now,
    sentAt: now,
    notBefore: now,
    idempotencyKey: ownKey,
    request: describeRequest(request, headers),
    bodySize: body?.byteLength ?? 0,
    turn: turnOf({ backend: config.key, lane, scheme, owner }),
  };
  const { generation } = gateOf(backend, owner);
  // A 401 for an older token than the live one says nothing about the live one.
  const stale = backend.token !== null && backend.token.value !== credential;
  return { draft, body, authorization, credential, bearer, generation: stale ? generation - 1 : generation };
}

export const describeRequest = (request: Request, headers: EntryRecord['request']['headers']): StoredRequest => ({
  url: request.url,
  method: request.method,
  headers,
  mode: request.mode,
  credentials: request.credentials,
  cache: request.cache,
  redirect: request.redirect,
  referrer: request.referrer,
  referrerPolicy: request.referrerPolicy,
  integrity: request.integrity,
});

/** The headers under which an entry travels, but for its `Authorization`. */
export const travelHeaders = ({ request, idempotencyKey }: Pick<EntryRecord, 'request' | 'idempotencyKey'>) => ({
  ...request.headers,
  ...(idempotencyKey !== null && { [IDEMPOTENCY_HEADER]: idempotencyKey }),
});
