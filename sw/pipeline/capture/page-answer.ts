import type { BackendConfig, Responder } from '../../config.js';
import type { EntryRecord } from '../../policy/entry-record.js';
import { isHtml } from '../../policy/page.js';
import { isFunction } from '../../policy/rules.js';
import { shapedAnswer } from '../../policy/shapes.js';
import type { Ports } from '../../ports.js';
import type { Settlement } from '../../protocol/api.js';
import { ENTRY_HEADER } from '../../protocol/headers.js';
import type { DescribeEntry } from '../backend/describe-entry.js';
import { createDeadline } from '../deadline.js';
import type { Report } from '../report.js';
import { refusal } from './directives.js';
import type { Exchange } from './exchange.js';

/** Makes the page's answer for a stored request. */
export type AnswerFor = (exchange: Asking, entry: EntryRecord) => Promise<Response> | Response;

type Asking = Pick<Exchange, 'backend' | 'directives' | 'request' | 'body' | 'operation'>;
type Given = Exclude<BackendConfig['respond'], Responder> | Response;

export function createPageAnswer(ports: Pick<Ports, 'clock' | 'log'>, report: Report, describe: DescribeEntry): AnswerFor {
  const deadline = createDeadline(ports);
  const warn = (what: string, detail: unknown) => ports.log.warn(`[holdfast] respond ${what}; the default counts instead. Mend it`, detail);

  /** What the app's own function gives for an entry. */
  async function made(respond: Responder, { request, body }: Asking, entry: EntryRecord): Promise<Given> {
    try {
      const info = { ...describe(entry), url: entry.request.url };
      const given = (await deadline('respond', () => respond(info, new Request(request, body ? { body } : {})))) ?? 'auto';
      if (given instanceof Response || ['auto', 'queued', 'reject', 'wait'].includes(given)) return given;
      warn("gave something that it can't", given);
    } catch (error) {
      warn('threw, or took too long', error);
    }
    return 'auto';
  }

  function answer(given: Given, exchange: Asking, entry: EntryRecord): Response | Promise<Response> {
    if (given instanceof Response) return given;
    const wanted = given === 'auto' ? (shapedAnswer(exchange.request, exchange.body) ?? (exchange.operation ? 'wait' : 'queued')) : given;
    if (wanted === 'reject') return Response.error();
    if (wanted === 'wait') return report.settlementOf(entry).then((settlement) => settledResponse(settlement, entry.request.url));
    const { id, key, state, reason } = describe(entry);
    const headers = { [ENTRY_HEADER]: id, 'Cache-Control': 'no-store' };
    if (wanted === 'empty') return new Response(null, { status: 204, headers });
    if (wanted === 'stream') return new Response('', { headers: { ...headers, 'Content-Type': 'text/vnd.turbo-stream.html' } });
    // Chromium makes a Blob of the body, so that the page has the whole answer, or none, of a worker that's killed over it. A stream would be faster, and breaks off.
    return Response.json({ queued: true, id, key, state, reason }, { status: 202, headers });
  }

  return (exchange, entry) => {
    const { backend: { config: { respond } }, directives: { mode } } = exchange;
    if (mode && mode !== 'bypass') return answer(mode, exchange, entry);
    return isFunction(respond) ? made(respond, exchange, entry).then((given) => answer(given, exchange, entry)) : answer(respond, exchange, entry);
  };
}

export const duplicate = (waiting: EntryRecord): Response =>
  refusal(
    409,
    'duplicate-task-id',
    `holdfast: an entry with the task id "${waiting.id}" is waiting; send Holdfast-Replace: 1 to take its place`,
    waiting.id,
  );

/**
 * The server's real answer, for a page that waited for it; a network error where there's none. An answer that redirects have
 * led to is given by a redirect, as Turbo takes no other. JSON at the same path is given itself: a 307 to a path with a slash
 * at its end keeps the method, and what the server says to a GET there is something else.
 */
export function settledResponse(settlement: Settlement | null, asked: string): Response {
  const { status, headers, body, truncated, url } = settlement ?? NO_SETTLEMENT;
  if (status === null || status < 200) return Response.error();
  if (url && status === 200 && (isHtml(headers['content-type']) || pathOf(url) !== pathOf(asked))) return Response.redirect(url, 303);
  const bodiless = status === 204 || status === 205 || status === 304;
  const answer = new Response(bodiless ? null : truncated ? brokenOff(body) : body, { status, headers });
  // Both headers speak of the bytes on the wire; the kept body has been decoded.
  answer.headers.delete('Content-Encoding');
  answer.headers.delete('Content-Length');
  return answer;
}

const NO_SETTLEMENT = { status: null, headers: {}, body: null, truncated: false, url: undefined } as const;

const pathOf = (url: string): string => new URL(url).pathname.replace(/\/+$/, '');

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
