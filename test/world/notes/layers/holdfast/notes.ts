import { connect, isKept } from 'holdfast';
import type { Note, OpenNotes } from '../../app/note.js';

export const open: OpenNotes = async ({ session, tell }) => {
  const sync = await connect({ worker: '/sw.js', getToken: ({ rejected }) => (rejected ? session.refresh() : session.token) });
  let notes: Note[] = [];
  const find = (id: string) => notes.find((one) => one.id === id);

  async function api(method: string, path: string, headers = {}, body?: object): Promise<Response> {
    const init = { method, headers: { Authorization: `Bearer ${session.token}`, ...headers }, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(`/api/notes${path}`, init);
    if (response.ok) return response;
    const { error } = (await response.json()) as { error: string };
    if (method !== 'GET') tell(error);
    throw new Error(error);
  }
  async function load(): Promise<void> {
    if (!session.token || (await sync.status()).waiting > 0) return;
    const response = await api('GET', '').catch(() => null);
    if (response) notes = (await response.json()) as Note[];
  }
  sync.addEventListener('delivered', () => void load());
  sync.addEventListener('failed', ({ detail }) => tell(`${detail.method} ${detail.url} was refused: ${detail.reason}`));
  await load();

  return {
    all: () => notes,
    async create(fields) {
      const id = `temp-${crypto.randomUUID()}`;
      const response = await api('POST', '', { 'Content-Type': 'application/json', 'Holdfast-Provides': id }, fields);
      const note = isKept(response) ? { ...fields, id, tags: [], version: 0 } : ((await response.json()) as Note);
      notes.push(note);
      return note.id;
    },
    async edit(id, changes) {
      const note = find(id);
      const headers = { 'Content-Type': 'application/merge-patch+json', 'If-Match': note?.version ? `"${note.version}"` : '*' };
      await api('PATCH', `/${id}`, headers, changes);
      if (note) Object.assign(note, changes);
    },
    async tag(id, tag) {
      await api('POST', `/${id}/tags`, { 'Content-Type': 'application/json' }, { tag });
      find(id)?.tags.push(tag);
    },
    async remove(id) {
      await api('DELETE', `/${id}`);
      notes = notes.filter((one) => one.id !== id);
    },
    async signedIn(token) {
      await sync.provideToken(token);
      await load();
    },
    signedOut: () => sync.signOut(),
  };
};
