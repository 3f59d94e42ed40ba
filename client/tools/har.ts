import type { EntryBody, EntryInfo, Settlement, SyncApi } from '../../sw/protocol/api.js';
import type { AboutEntry, SyncEvent } from '../../sw/protocol/events.js';
import { maskHeaders, maskUrl } from '../../sw/policy/secrets.js';
import { showBody } from '../bodies/shown-body.js';
import type { Har, HarEntry, HarHeader, HarPostData, HarResponse } from './har-types.js';
import { eventsByEntry, sendsOf, type Send } from './sends.js';

/** As in package.json. */
export const VERSION = '0.1.0';

/** So much of a body is in the archive. */
const BODY_BYTES = 1024 * 1024;

/** So many entries are asked for at a time. */
const PAGE = 500;

export type HarSource = Pick<SyncApi, 'entries' | 'body' | 'settled' | 'journal'>;

/** The journal and the outbox as an HTTP archive, without secrets: see `SyncClient.exportHar`. */
export async function exportHar(source: HarSource): Promise<Har> {
  const events = eventsByEntry(await source.journal());
  const waiting = new Map<number, EntryInfo>();
  for (let page: EntryInfo[]; ; ) {
    page = await source.entries({ after: [...waiting.keys()].at(-1) ?? 0, limit: PAGE });
    for (const entry of page) waiting.set(entry.seq, entry);
    if (page.length < PAGE) break;
  }
  const entries: HarEntry[] = [];
  for (const entry of waiting.values()) entries.push(...(await ofEntry(entry, events.get(entry.seq) ?? [], source)));
  for (const [seq, told] of events) if (!waiting.has(seq)) entries.push(...(await ofEvents(told, source)));
  entries.sort((a, b) => (a.startedDateTime < b.startedDateTime ? -1 : 1));
  const comment = 'Each send of what Holdfast has kept. Secrets are masked. What was sent and is gone has no request body any more.';
  return { log: { version: '1.2', creator: { name: 'Holdfast', version: VERSION }, pages: [], entries, comment } };
}

/** What is still in the outbox. */
async function ofEntry(entry: EntryInfo, told: SyncEvent[], source: HarSource): Promise<HarEntry[]> {
  const { key, seq, lastAnswer, idempotencyKey } = entry;
  const body = await source.body(seq, { maxBytes: BODY_BYTES });
  const headers = { ...entry.headers, ...(idempotencyKey !== null && { 'idempotency-key': idempotencyKey }) };
  const request = requestOf(entry, headers, entry.bodySize, body && (await postDataOf(body)));
  const sends = sendsOf(told, entry);
  const settled = entry.state === 'dead' ? await source.settled(seq) : null;
  if (sends.length === 0) {
    const never = { at: entry.capturedAt, end: entry.capturedAt, status: null, reason: entry.reason };
    return [await harEntry({ key, request, send: never, count: 0, answer: null, inDoubt: entry.inDoubt })];
  }
  const first = entry.sends - sends.length;
  return Promise.all(
    sends.map((send, at) => {
      const answer = at < sends.length - 1 ? null : (settled ?? (lastAnswer && { ...lastAnswer, body: null, truncated: true }));
      return harEntry({ key, request, send, count: first + at + 1, answer, inDoubt: entry.inDoubt && at === sends.length - 1 });
    }),
  );
}

/** What is gone from the outbox, as far as the journal remembers it. */
async function ofEvents(told: SyncEvent[], source: HarSource): Promise<HarEntry[]> {
  const about = told[0] as SyncEvent & AboutEntry;
  const request = requestOf(about, {}, -1, null);
  const sends = sendsOf(told, null);
  const settled = await source.settled(about.seq);
  return Promise.all(
    sends.map((send, at) => {
      const answer = at === sends.length - 1 ? settled : null;
      return harEntry({ key: about.key, request, send, count: at + 1, answer });
    }),
  );
}

function requestOf(
  { method, url }: Pick<EntryInfo, 'method' | 'url'>,
  headers: Record<string, string>,
  bodySize: number,
  postData: HarPostData | null,
): HarEntry['request'] {
  const shown = maskUrl(url);
  return {
    method,
    url: shown,
    httpVersion: 'HTTP/1.1',
    cookies: [],
    headers: named(maskHeaders(headers)),
    queryString: queryOf(shown),
    headersSize: -1,
    bodySize,
    ...(postData && { postData }),
  };
}

function queryOf(url: string): HarHeader[] {
  // The URL of a damaged entry is none.
  const { searchParams } = URL.canParse(url) ? new URL(url) : new URL('none:');
  return [...searchParams].map(([name, value]) => ({ name, value }));
}

async function postDataOf(body: EntryBody): Promise<HarPostData> {
  const shown = await showBody(body);
  const mimeType = body.contentType ?? '';
  const comment = body.truncated ? `the first ${body.bytes.byteLength} of ${body.size} bytes` : undefined;
  if (shown.kind === 'form') return { mimeType, text: '', params: shown.fields };
  if (shown.kind === 'bytes') return { mimeType, text: '', comment: `${body.size} bytes that are no text` };
  return { mimeType, text: shown.text, ...(comment && { comment }) };
}

interface Told {
  key: string;
  request: HarEntry['request'];
  send: Send;
  /** Which send it was; 0: none yet. */
  count: number;
  answer: Pick<Settlement, 'headers' | 'body' | 'truncated'> | null;
  inDoubt?: boolean | undefined;
}

async function harEntry({ key, request, send, count, answer, inDoubt }: Told): Promise<HarEntry> {
  const time = Math.max(0, send.end - send.at);
  return {
    startedDateTime: new Date(send.at).toISOString(),
    time,
    request,
    response: await responseOf(send, answer),
    cache: {},
    timings: { blocked: -1, dns: -1, connect: -1, ssl: -1, send: 0, wait: time, receive: 0 },
    ...(count === 0 && { comment: `not sent yet: ${send.reason}` }),
    ...(inDoubt && { comment: 'in doubt: the server may have acted on a send of this' }),
    _holdfast: { key, send: count, ...(inDoubt && { inDoubt }) },
  };
}

async function responseOf({ status, reason }: Send, answer: Told['answer']): Promise<HarResponse> {
  const headers = maskHeaders(answer?.headers ?? {});
  const { body = null, truncated = false } = answer ?? {};
  const mimeType = headers['content-type'] ?? '';
  const shown = body && (await showBody({ bytes: body, contentType: mimeType, truncated }));
  const text = shown && 'text' in shown ? shown.text : null;
  return {
    status: status ?? 0,
    statusText: '',
    httpVersion: 'HTTP/1.1',
    cookies: [],
    headers: named(headers),
    content: { size: body?.byteLength ?? 0, mimeType, ...(text !== null && { text }) },
    redirectURL: '',
    headersSize: -1,
    bodySize: body?.byteLength ?? -1,
    ...(status === null && reason !== null && { _error: reason }),
  };
}

const named = (headers: Record<string, string>): HarHeader[] => Object.entries(headers).map(([name, value]) => ({ name, value }));
