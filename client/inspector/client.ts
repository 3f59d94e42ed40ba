import type { SyncClient } from '../sync-client.js';

/**
 * What the inspector needs of a client: the page's own, or the one by which the DevTools panel talks to
 * the page that it inspects.
 */
export type InspectorClient = Pick<
  SyncClient,
  | 'status'
  | 'entries'
  | 'entry'
  | 'body'
  | 'journal'
  | 'settled'
  | 'retry'
  | 'cancel'
  | 'discard'
  | 'edit'
  | 'pause'
  | 'resume'
  | 'replay'
  | 'exportHar'
  | 'addEventListener'
  | 'removeEventListener'
>;
