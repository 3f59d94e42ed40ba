import { isUnder } from '../../policy/base-url.js';
import { isOpenTo, type Merged, type Write } from '../../policy/coalesce.js';
import { withoutCsrf } from '../../policy/csrf.js';
import type { EntryRecord } from '../../policy/entry-record.js';
import { transition } from '../../policy/entry.js';
import { defined, isRecord } from '../../policy/rules.js';
import { utf8In } from '../../policy/text.js';
import type { Body, CaptureOrder, CaptureResult, Draft, Ports } from '../../ports.js';
import { IDEMPOTENCY_HEADER } from '../../protocol/headers.js';
import { createDeadline } from '../deadline.js';
import { bytesOf, sizeOf } from '../send/stored-request.js';
import { ownHeaders } from './directives.js';
import { TEXT, type Exchange } from './exchange.js';

type Asked = Extract<CaptureResult, { kind: 'asked' }>;

/** What `coalesce` has given for a request and the entry of another, by a promise. */
interface Given {
  requestId: string | undefined;
  merged: unknown;
}

/** Makes one of a request and the last that waits in its lane, by the backend's `coalesce`. */
export interface Coalescing {
  /** What becomes of an exchange's request, for its write. @param given left out while `coalesce` hasn't been asked */
  order(exchange: Exchange, draft: Draft, given?: Given): NonNullable<CaptureOrder['coalesce']>;
  /** Awaits what `coalesce` has promised. Never rejects. */
  given(asked: Asked): Promise<Given>;
}

export function createCoalescing({ clock, log, restore }: Pick<Ports, 'clock' | 'log' | 'restore'>): Coalescing {
  const deadline = createDeadline({ clock, log });
  let isTold = false;
  const failed = (error: unknown): null => {
    if (!isTold) log.warn('[holdfast] coalesce failed, so both writes are sent. Mend it. Said once', error);
    isTold = true;
    return null;
  };

  /** The draft and the body that `merged` describes. @throws for what can't be sent, or would go to another backend */
  function mergedOf({ backend: { config }, body: own }: Exchange, draft: Draft, merged: Exclude<Merged, string | null>): [Draft, Body | null] {
    if (!isRecord(merged)) throw new TypeError('it must be a write');
    const { body: given = own, ...changes } = defined(merged);
    const body = typeof given === 'string' || ArrayBuffer.isView(given) ? bytesOf(given) : given;
    if (body !== null && !(body instanceof ArrayBuffer || body instanceof Blob)) throw new TypeError('its body must be text or bytes');
    const request = restore({ ...draft.request, ...changes }, body);
    const { method, url } = request;
    if (!isUnder(url, config.baseUrl)) throw new TypeError(`${url} isn't under ${config.baseUrl}`);
    const { authorization: _, [IDEMPOTENCY_HEADER]: __, ...others } = ownHeaders(request.headers);
    const { headers } = withoutCsrf(others, config.csrf.headers);
    return [{ ...draft, request: { ...draft.request, method, url, headers }, bodySize: sizeOf(body) }, body];
  }

  return {
    order: (exchange, draft, given) => (last, lastBody) => {
      if (!isOpenTo(last, draft)) return null;
      try {
        const merged = given ? given.requestId === last.requestId && given.merged : exchange.backend.config.coalesce!(writeOf(last, lastBody), writeOf(draft, exchange.body));
        if (merged instanceof Promise) return merged;
        if (!merged) return null;
        const [next, body] = merged === 'discard' ? [null, null] : mergedOf(exchange, draft, merged as object);
        return { decision: transition(last, { type: 'coalesced', newer: draft, merged: next }, clock.now())!, body };
      } catch (error) {
        return failed(error);
      }
    },
    given: async ({ last, answer }) => ({ requestId: last.requestId, merged: await deadline('coalesce', () => answer).catch(failed) }),
  };
}

function writeOf({ request: { method, url, headers }, provides }: Draft | EntryRecord, body: Body | null): Write {
  const isText = body instanceof ArrayBuffer && TEXT.test(headers['content-type'] ?? '');
  return { method, url, headers: { ...headers }, body: isText ? (utf8In(body) ?? body) : body, ...(provides !== undefined && { provides }) };
}
