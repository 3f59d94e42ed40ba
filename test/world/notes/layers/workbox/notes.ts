import type { Note, OpenNotes } from '../../app/note.js';

export const open: OpenNotes = async ({ session, tell }) => {
  await navigator.serviceWorker.register('/sw.js');
  await navigator.serviceWorker.ready;
  let notes: Note[] = [];

  /** Gives null for a write that is in the worker's queue now: nobody hears the answer to that. */
  async function api(method: string, path: string, body?: object, headers = {}): Promise<Response | null> {
    const init = { method, headers: { Authorization: `Bearer ${session.token}`, 'Idempotency-Key': crypto.randomUUID(), ...headers }, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(`/api/notes${path}`, init).catch(() => null);
    if (response?.status === 401 && (await session.refresh())) return api(method, path, body, headers);
    if (response && !response.ok) {
      const { error } = (await response.json()) as { error: string };
      if (method !== 'GET') tell(error);
      throw new Error(error);
    }
    return response;
  }
  async function load(): Promise<void> {
    const response = session.token && (await api('GET', '').catch(() => null));
    if (response) notes = (await response.json()) as Note[];
  }
  /** A note has no id of the server's until a list has it. */
  function saved(id: string): Note {
    const note = notes.find((one) => one.id === id);
    if (!note || note.version === 0) throw new Error('This note isn’t saved yet');
    return note;
  }
  addEventListener('online', () => void load());
  await load();

  return {
    all: () => notes,
    async create(fields) {
      const response = await api('POST', '', fields, { 'Content-Type': 'application/json' });
      const note = response ? ((await response.json()) as Note) : { ...fields, id: crypto.randomUUID(), tags: [], version: 0 };
      notes.push(note);
      return note.id;
    },
    async edit(id, changes) {
      const note = saved(id);
      // For any version: what is made offline for one version would be refused after the first of them, at a replay that nobody hears of.
      await api('PATCH', `/${id}`, changes, { 'Content-Type': 'application/merge-patch+json', 'If-Match': '*' });
      Object.assign(note, changes);
    },
    async tag(id, tag) {
      const note = saved(id);
      await api('POST', `/${id}/tags`, { tag }, { 'Content-Type': 'application/json' });
      note.tags.push(tag);
    },
    async remove(id) {
      const note = saved(id);
      await api('DELETE', `/${id}`);
      notes.splice(notes.indexOf(note), 1);
    },
    signedIn: load,
  };
};
