import { QueryClient, type MutationObserverOptions, type QueryFunctionContext } from '@tanstack/query-core';
import type { SyncClient } from 'holdfast';

export interface Note {
  id: string;
  text: string;
  /** The server doesn't have it yet. */
  waiting?: boolean;
}

const queryKey = ['notes'];

export const client = new QueryClient({
  defaultOptions: {
    mutations: {
      // By default TanStack pauses a mutation while it's offline, in the page's memory alone. Holdfast must get it to keep it.
      networkMode: 'always',
      // Holdfast sees to outages. What it lets through is a true answer, or a failure that another try at once won't mend.
      retry: 0,
    },
  },
});

/** For `QueryObserver`, or `useQuery`. */
export const notes = (sync: SyncClient) => ({
  queryKey,
  async queryFn({ signal }: QueryFunctionContext): Promise<Note[]> {
    // What waits comes first: a note that's delivered in between is in both then, and not in neither.
    const waiting = await waitingNotes(sync);
    const response = await fetch('/api/notes', { signal });
    if (!response.ok) throw new Error(`The server answered ${response.status}`);
    const delivered = (await response.json()) as Note[];
    const ids = new Set(delivered.map(({ id }) => id));
    return [...delivered, ...waiting.filter(({ id }) => !ids.has(id))];
  },
});

/** For `MutationObserver`, or `useMutation`. Resolves to true when Holdfast keeps the note for later. */
export const addNote: MutationObserverOptions<boolean, Error, Note> = {
  async mutationFn(note) {
    const response = await fetch('/api/notes', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(note),
    });
    if (!response.ok) throw new Error(`The server answered ${response.status}`);
    return response.headers.has('Holdfast-Entry');
  },
  async onMutate(note) {
    await client.cancelQueries({ queryKey });
    client.setQueryData<Note[]>(queryKey, (notes = []) => [...notes, { ...note, waiting: true }]);
  },
  onError(_error, note) {
    client.setQueryData<Note[]>(queryKey, (notes = []) => notes.filter(({ id }) => id !== note.id));
  },
  // What is kept isn't on the server yet; there's nothing new to be read before it's delivered.
  onSuccess: (kept) => (kept ? undefined : client.invalidateQueries({ queryKey })),
};

/** Reads the notes anew when one of those that wait has come to its end. */
export function followOutbox(sync: SyncClient): void {
  for (const type of ['delivered', 'failed', 'cancelled'] as const)
    sync.addEventListener(type, () => void client.invalidateQueries({ queryKey }));
}

/** From the worker, so they're there after a reload, too, and in another tab. */
async function waitingNotes(sync: SyncClient): Promise<Note[]> {
  const entries = await sync.entries();
  const bodies = await Promise.all(
    entries.filter(({ url, state }) => url.endsWith('/api/notes') && state !== 'dead').map(({ seq }) => sync.body(seq)),
  );
  return bodies.flatMap((body) =>
    body ? [{ ...(JSON.parse(new TextDecoder().decode(body.bytes)) as Note), waiting: true }] : [],
  );
}
