import type { EntryRecord } from '../../policy/entry-record.js';
import { transition } from '../../policy/entry.js';
import { ConfigError } from '../../policy/errors.js';
import { bool, checkOptions, positive } from '../../policy/rules.js';
import type { Ports } from '../../ports.js';
import type { KeyOptions, Reference, SyncApi } from '../../protocol/api.js';
import type { State } from '../backend/backends.js';
import { authView } from '../backend/gates.js';
import type { Providers } from '../providers.js';
import type { Report } from '../report.js';
import { changesOf, checkPatch } from '../send/patch.js';
import { withIds } from '../send/real-ids.js';
import { sizeOf } from '../send/stored-request.js';

export interface EditingParts {
  ports: Ports;
  state: State;
  report: Report;
  providers: Providers;
  find(reference: Reference, standing?: EntryRecord['state']): Promise<EntryRecord | null>;
  /** Another idempotency key for an entry; null for an entry without a key. */
  freshKeyOf(entry: EntryRecord): string | null;
}

const PREVIEW = 64 * 1024;

/** Whether a dead letter is to go out under a fresh idempotency key. */
export function wantsNewKey(options: KeyOptions = {}): boolean {
  checkOptions(options, { newKey: bool });
  return options.newKey ?? false;
}

/** The calls that read an entry's body, and that change a dead letter. */
export function createEditing({ ports, state, report, providers, find, freshKeyOf }: EditingParts): Pick<SyncApi, 'edit' | 'body'> {
  const { clock, outbox, broadcast } = ports;

  /** The providers that a new body or URL names. An unanswered one counts only if it stands before the entry, which could wait for ever else. */
  async function awaited(request: EntryRecord['request'], body: ArrayBuffer | null, entry: EntryRecord): Promise<number[]> {
    const find = providers.finder(entry);
    const awaits = new Set<number>();
    const note = (name: string) => {
      const provider = name === entry.provides ? undefined : find?.(name);
      if (provider && (provider.real || provider.seq < entry.seq)) awaits.add(provider.seq);
      return null;
    };
    if (find) await withIds(request, body, note);
    return [...awaits];
  }

  return {
    async edit(reference, patch, options) {
      checkPatch(patch);
      const newKey = wantsNewKey(options);
      const entry = await find(reference, 'dead');
      if (!entry || entry.reason === 'unreadable') return false;
      const backend = state.backends.get(entry.backend);
      if (backend && authView(backend, entry, clock.now()) === 'parked')
        throw new ConfigError('id', reference, "it's another user's, who would be sent as the author of the change");
      if (Object.keys(patch).length === 0 && !newKey) return true;
      const { body, ...changes } = changesOf(patch, entry, backend?.config);
      const request = { ...entry.request, ...(changes.url !== undefined && { url: changes.url }), headers: { ...entry.request.headers, ...changes.headers } as Record<string, string> };
      const isNamed = body !== undefined || changes.url !== undefined;
      // What the old body names is awaited for as long as that body stays.
      const awaits = isNamed ? [...new Set([...(body === undefined ? (entry.awaits ?? []) : []), ...(await awaited(request, body ?? null, entry))])] : undefined;
      const amendment = { ...changes, freshKey: freshKeyOf(entry), newKey, ...(awaits && { awaits }) };
      const decision = await report.commit({
        seq: entry.seq,
        decide: (current) => transition(current, { type: 'edited', amendment }, clock.now()),
        ...(body !== undefined && { body }),
      });
      if (decision) broadcast({ type: 'changed', key: entry.key, seq: entry.seq });
      return decision !== null;
    },

    async body(reference, range = {}) {
      checkOptions(range, { maxBytes: positive('bytes') });
      const { maxBytes = PREVIEW } = range;
      const entry = await find(reference);
      const { body = null } = (entry && (await outbox.load(entry.seq))) ?? {};
      if (!entry || !body) return null;
      const size = sizeOf(body);
      const start = body.slice(0, maxBytes);
      const bytes = start instanceof Blob ? await start.arrayBuffer() : start;
      return { contentType: entry.request.headers['content-type'] ?? null, size, bytes, truncated: size > maxBytes };
    },
  };
}
