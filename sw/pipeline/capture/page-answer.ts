import type { EntryRecord } from '../../policy/entry-record.js';
import type { Settlement } from '../../protocol/api.js';
import { ENTRY_HEADER } from '../../protocol/headers.js';
import type { DescribeEntry } from '../backend/describe-entry.js';
import type { Report } from '../report.js';
import { refusal } from './directives.js';
import type { Exchange } from './exchange.js';

/** Makes the page's answer for a stored request. */
export type AnswerFor = (exchange: Pick<Exchange, 'backend' | 'directives'>, entry: EntryRecord) => Promise<Response> | Response;

export function createPageAnswer(report: Report, describe: DescribeEntry): AnswerFor {
  return ({ backend, directives: { mode } }, entry) => {
    const respond = mode && mode !== 'bypass' ? mode : backend.config.respond;
    if (respond === 'reject') return Response.error();
    if (respond === 'wait') return report.settlementOf(entry).then(settledResponse);
    const info = describe(entry);
    const { id, key, state, reason } = info;
    const own = typeof respond === 'function' ? respond({ ...info, url: entry.request.url }) : null;
    return (
      own ??
      Response.json(
        { queued: true, id, key, state, reason },
        { status: 202, headers: { [ENTRY_HEADER]: id, 'Cache-Control': 'no-store' } },
      )
    );
  };
}

export const duplicate = (waiting: EntryRecord): Response =>
  refusal(
    409,
    'duplicate-task-id',
    `holdfast: an entry with the task id "${waiting.id}" is waiting; send Holdfast-Replace: 1 to take its place`,
    waiting.id,
  );

/** The server's real answer, for a page that waited for it; a network error where there's none. */
export function settledResponse(settlement: Settlement | null): Response {
  const { status, headers, body, state, truncated } = settlement ?? NO_SETTLEMENT;
  if (state === 'cancelled' || status === null || status < 200) return Response.error();
  const bodiless = status === 204 || status === 205 || status === 304;
  const answer = new Response(bodiless ? null : truncated ? brokenOff(body) : body, { status, headers });
  // Both headers speak of the bytes on the wire; the kept body has been decoded.
  answer.headers.delete('Content-Encoding');
  answer.headers.delete('Content-Length');
  return answer;
}

const NO_SETTLEMENT = { status: null, headers: {}, body: null, state: 'cancelled', truncated: false } as const;

/** The kept beginning of a body, which ends with an error, so that the page doesn't take it for the whole. */
const brokenOff = (body: ArrayBuffer | null): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(body ?? []));
    },
    pull(controller) {
      controller.error(new TypeError('holdfast: the rest of this answer was not kept'));
    },
  });
