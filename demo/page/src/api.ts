import { authorization, mend, session } from './session.js';
import type { Change, Report } from './types.js';

/** What became of a write, as far as its answer says. */
export type WriteResult =
  | { kind: 'delivered'; report: Report | null }
  /** Holdfast has it: `202 {"queued":true}`. */
  | { kind: 'queued' }
  | { kind: 'refused'; status: number }
  | { kind: 'failed' };

export async function fetchReports(): Promise<Report[] | null> {
  try {
    const response = await ask('/api/reports');
    return response.ok ? ((await response.json()) as Report[]) : null;
  } catch {
    return null;
  }
}

export async function fetchPhoto(id: string): Promise<Blob | null> {
  try {
    const response = await ask(`/api/reports/${encodeURIComponent(id)}/photo`);
    return response.ok ? await response.blob() : null;
  } catch {
    return null;
  }
}

/** Sends a change by a plain fetch. Holdfast's in it are the id, to know it again later, and with a new report the temporary id. */
export async function write(change: Change, photo: Blob | null = null): Promise<WriteResult> {
  try {
    const { url, ...init } = requestOf(change, photo);
    return await resultOf(await ask(url, { ...init, headers: { ...init.headers, 'Holdfast-Id': change.id } }));
  } catch {
    return { kind: 'failed' };
  }
}

/**
 * Fetches with the session's credentials. A lapsed session by cookie is the page's own affair at a first send, so the request is sent
 * again where the page has renewed the session.
 */
async function ask(url: string, { headers, ...init }: { method?: string; headers?: Record<string, string>; body?: string | FormData } = {}): Promise<Response> {
  const asked = session();
  const send = () => fetch(url, { ...init, headers: { ...authorization(), ...headers } });
  const response = await send();
  return (await mend(response, asked)) ? send() : response;
}

function requestOf(change: Change, photo: Blob | null) {
  if (change.kind === 'create') return { url: '/api/reports', method: 'POST', headers: { 'Holdfast-Provides': change.id }, body: formOf(change, photo) };
  // The worker puts the server's own id where a temporary id stands, once the server has given one.
  const url = `/api/reports/${encodeURIComponent(change.reportId)}`;
  if (change.kind === 'remove') return { url, method: 'DELETE', headers: {} };
  const body = JSON.stringify({ done: change.done });
  return { url, method: 'PATCH', headers: { 'Content-Type': 'application/merge-patch+json' }, body };
}

function formOf({ id, report }: Change & { kind: 'create' }, photo: Blob | null): FormData {
  const form = new FormData();
  form.set('ref', id);
  form.set('title', report.title);
  form.set('place', report.place);
  form.set('severity', report.severity);
  form.set('note', report.note);
  form.set('writtenAt', String(report.writtenAt));
  if (photo) form.set('photo', photo, 'photo');
  return form;
}

async function resultOf(response: Response): Promise<WriteResult> {
  const { status } = response;
  if (!response.ok) return { kind: 'refused', status };
  const answer = status === 204 ? null : ((await response.json()) as Report | { queued: true });
  if (answer && 'queued' in answer) return { kind: 'queued' };
  return { kind: 'delivered', report: answer };
}
