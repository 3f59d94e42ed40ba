import { isKept } from '../../sw/policy/idempotency.js';
import type { EntryInfo } from '../../sw/protocol/api.js';
import type { InspectorClient } from './client.js';
import type { Localizer } from './localizer.js';

/** `renew`: sends a dead letter as new, under a fresh idempotency key. */
export type Action = 'retry' | 'renew' | 'cancel' | 'discard';

/** Whether an action makes sense for an entry. */
export const applies = (action: Action, { state, reason }: EntryInfo): boolean =>
  action === 'cancel' ? state !== 'dead' : state === 'dead' && (action === 'discard' || reason !== 'unreadable');

/** Whether another try of a dead letter under its own idempotency key may come to nothing, so that sending it as new is on offer. */
export const mayRenew = ({ state, inDoubt, idempotencyKey, lastAnswer }: EntryInfo): boolean =>
  state === 'dead' && idempotencyKey !== null && (inDoubt === true || isKept(lastAnswer?.headers ?? {}));

/** What an action is called for an entry. */
export const nameOf = (action: Action, { inDoubt }: EntryInfo, { labels }: Localizer): string =>
  action === 'renew' ? labels.sendNew : action === 'retry' && inDoubt ? labels.askAgain : labels[action];

/** So many calls are under way at a time. */
const AT_ONCE = 8;

/** Does one thing with many entries, and says what came of it. */
export async function act(client: InspectorClient, action: Action, entries: readonly EntryInfo[], { labels, number }: Localizer): Promise<string> {
  const rest = entries.filter((entry) => applies(action, entry));
  const total = rest.length;
  let done = 0;
  const one = async () => {
    for (let entry = rest.shift(); entry; entry = rest.shift()) if (await once(client, action, entry.seq)) done++;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  const what = { retry: labels.retried, renew: labels.retried, cancel: labels.cancelled, discard: labels.discarded }[action];
  if (total === 1) return done === 1 ? what : labels.gone;
  return labels.done(what, number(done), number(total));
}

const once = (client: InspectorClient, action: Action, seq: number): Promise<boolean> =>
  action === 'renew' ? client.retry(seq, { newKey: true }) : client[action](seq);

/** An error in words; what is thrown need not be one. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Gives a HAR to the browser's downloads. */
export async function downloadHar(client: InspectorClient): Promise<void> {
  const har = await client.exportHar();
  const url = URL.createObjectURL(new Blob([JSON.stringify(har, null, 2)], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `holdfast-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.har`;
  link.click();
  // The download has begun by then, and the URL keeps the archive in memory.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
