import type { EntryRecord, StoredRequest } from '../../policy/entry-record.js';
import type { Body } from '../../ports.js';
import { IDEMPOTENCY_HEADER } from '../../protocol/headers.js';

/** The request as data. */
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

/** The headers of an entry on the wire, without `Authorization`. */
export const travelHeaders = ({ request, idempotencyKey }: Pick<EntryRecord, 'request' | 'idempotencyKey'>) => ({
  ...request.headers,
  ...(idempotencyKey !== null && { [IDEMPOTENCY_HEADER]: idempotencyKey }),
});

/** Text as UTF-8, or bytes, of which a view has its own part alone. */
export const bytesOf = (content: string | ArrayBuffer | ArrayBufferView<ArrayBuffer>): ArrayBuffer =>
  typeof content === 'string'
    ? new TextEncoder().encode(content).buffer
    : ArrayBuffer.isView(content)
      ? content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength)
      : content;

/** The size of a body in bytes. */
export const sizeOf = (body: Body | null): number => (body instanceof Blob ? body.size : (body?.byteLength ?? 0));
