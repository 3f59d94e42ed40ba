/** Playwright's page, or that of the WebDriver tests. */
interface Page {
  evaluate<T>(work: () => Promise<T>): Promise<T>;
}

/** A record as text; bytes in it are shown by their kind and size, and as Latin-1. */
export interface Written {
  store: string;
  text: string;
}

/** Everything that Holdfast has in IndexedDB. The small body that lies in an entry is shown as a body, too. */
export function onDisk(page: Page): Promise<Written[]> {
  return page.evaluate(async () => {
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const db = await done(indexedDB.open('holdfast'));
    const names = [...db.objectStoreNames];
    const tx = db.transaction(names);
    const found = await Promise.all(names.map(async (store) => ({ store, records: (await done(tx.objectStore(store).getAll())) as unknown[] })));
    db.close();
    const inEntries = found.flatMap(({ records }) => records.flatMap((record) => (record as { body?: unknown } | null)?.body ?? []));
    found.push({ store: 'bodies', records: inEntries.filter((body) => body instanceof ArrayBuffer) });
    const told = async (record: unknown): Promise<string> => {
      const kind = Object.prototype.toString.call(record).slice('[object '.length, -1);
      if (kind !== 'Blob' && kind !== 'ArrayBuffer') return JSON.stringify(record);
      const bytes = new Uint8Array(await new Response(record as Blob | ArrayBuffer).arrayBuffer());
      return `${kind} ${bytes.byteLength} ${new TextDecoder('latin1').decode(bytes.subarray(0, 1024))}`;
    };
    return Promise.all(found.flatMap(({ store, records }) => records.map(async (record) => ({ store, text: await told(record) }))));
  });
}
