import { createCollection, type Transaction } from '@tanstack/db';
import { NonRetriableError, startOfflineExecutor } from '@tanstack/offline-transactions';
import { QueryClient } from '@tanstack/query-core';
import { queryCollectionOptions } from '@tanstack/query-db-collection';
import type { Fields, Note, OpenNotes } from '../../app/note.js';

/** A map that outlives the page, as the outbox does. */
function stored<Value>(name: string) {
  const read = () => JSON.parse(localStorage.getItem(name) ?? '{}') as Record<string, Value | undefined>;
  return {
    get: (key: string) => read()[key],
    set: (key: string, value: Value) => localStorage.setItem(name, JSON.stringify({ ...read(), [key]: value })),
  };
}

export const open: OpenNotes = async ({ session, tell }) => {
  const ids = stored<string>('ids');
  const versions = stored<number>('versions');
  const real = (id: string) => ids.get(id) ?? id;

  async function api(method: string, path: string, headers = {}, body?: object): Promise<Response> {
    const init = { method, headers: { Authorization: `Bearer ${session.token}`, ...headers }, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(`/api/notes${path}`, init);
    if (response.status === 401) {
      await session.refresh();
      throw new Error('The session is over');
    }
    if (response.status >= 400 && response.status < 500) throw new NonRetriableError(((await response.json()) as { error: string }).error);
    if (!response.ok) throw new Error('Could not save the note');
    return response;
  }

  const queryClient = new QueryClient();
  const notes = createCollection(
    queryCollectionOptions({
      id: 'notes',
      queryClient,
      queryKey: ['notes'],
      queryFn: async () => (session.token ? ((await (await api('GET', '')).json()) as Note[]) : []),
      getKey: (note: Note) => note.id,
    }),
  );

  const executor = startOfflineExecutor({
    collections: { notes },
    mutationFns: {
      createNote: async ({ transaction, idempotencyKey }) => {
        const { id, title, text } = transaction.mutations[0].modified as unknown as Note;
        const response = await api('POST', '', { 'Content-Type': 'application/json', 'Idempotency-Key': idempotencyKey }, { title, text });
        const made = (await response.json()) as Note;
        ids.set(id, made.id);
        versions.set(made.id, made.version);
        await notes.utils.refetch();
      },
      editNote: async ({ transaction, idempotencyKey }) => {
        const { original, changes } = transaction.mutations[0] as unknown as { original: Note; changes: Partial<Note> };
        const id = real(original.id);
        // Edits that were made offline of one version: each is for the version that the one before it has made.
        const version = Math.max(original.version, versions.get(id) ?? 0);
        const headers = { 'Content-Type': 'application/merge-patch+json', 'If-Match': `"${version}"`, 'Idempotency-Key': idempotencyKey };
        const edited = (await (await api('PATCH', `/${id}`, headers, changes)).json()) as Note;
        versions.set(id, edited.version);
        await notes.utils.refetch();
      },
      tagNote: async ({ transaction, idempotencyKey }) => {
        const { id, tags } = transaction.mutations[0].modified as unknown as Note;
        const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': idempotencyKey };
        const tagged = (await (await api('POST', `/${real(id)}/tags`, headers, { tag: tags.at(-1) })).json()) as Note;
        versions.set(tagged.id, tagged.version);
        await notes.utils.refetch();
      },
      removeNote: async ({ transaction, idempotencyKey }) => {
        const { id } = transaction.mutations[0].original as unknown as Note;
        await api('DELETE', `/${real(id)}`, { 'Idempotency-Key': idempotencyKey });
        await notes.utils.refetch();
      },
    },
  });
  await executor.waitForInit();
  void notes.preload();

  const createNote = executor.createOfflineAction<Note>({ mutationFnName: 'createNote', onMutate: (note) => void notes.insert(note) });
  const editNote = executor.createOfflineAction<{ id: string; changes: Partial<Fields> }>({
    mutationFnName: 'editNote',
    onMutate: ({ id, changes }) => void notes.update(id, (draft) => void Object.assign(draft, changes)),
  });
  const tagNote = executor.createOfflineAction<{ id: string; tag: string }>({
    mutationFnName: 'tagNote',
    onMutate: ({ id, tag }) => void notes.update(id, (draft) => void draft.tags.push(tag)),
  });
  const removeNote = executor.createOfflineAction<string>({ mutationFnName: 'removeNote', onMutate: (id) => void notes.delete(id) });
  /** Tells of a failure. While it's offline, the promise stays open. */
  const watch = ({ isPersisted }: Transaction) => void isPersisted.promise.catch((error: Error) => tell(error.message));

  return {
    all: () => notes.toArray,
    async create(fields) {
      const id = crypto.randomUUID();
      watch(createNote({ ...fields, id, tags: [], version: 0 }));
      return id;
    },
    async edit(id, changes) {
      watch(editNote({ id: real(id), changes }));
    },
    async tag(id, tag) {
      watch(tagNote({ id: real(id), tag }));
    },
    async remove(id) {
      watch(removeNote(real(id)));
    },
    signedIn: async () => void (await notes.utils.refetch()),
  };
};
