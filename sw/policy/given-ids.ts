import type { AboutEntry, ResolvedEvent } from '../protocol/events.js';
import { idOf, type RealId } from './temporary-ids.js';
import type { Decision, EntryInput } from './entry-decision.js';
import type { EntryRecord } from './entry-record.js';

/** The real id that an entry's answer has given for a temporary id, as it lies on disk. */
export interface GivenId {
  /** The `seq` of the entry that provided the temporary id: a page may use one temporary id again for another thing. */
  seq: number;
  backend: string;
  /** The owner of the entry: another user's temporary id of the same name is another one. */
  owner: string | null;
  /** The temporary id. */
  name: string;
  /** Null where the answer gave none. */
  real: RealId | null;
  /** When the id was given, or when something last waited for it, in milliseconds since the epoch. */
  at: number;
}

/** An entry that provides a temporary id, or has provided it. */
export interface Provider extends Pick<GivenId, 'seq' | 'backend' | 'owner' | 'name' | 'real'> {
  /** `answered`: the entry has gone, and `real` says what its answer gave. */
  state: EntryRecord['state'] | 'answered';
}

export const providerOf = ({ seq, backend, owner, provides, state }: EntryRecord): Provider => ({ seq, backend, owner, name: provides!, real: null, state });

/** The event that tells of a given id. */
export const resolvedEvent = ({ name, real, at }: GivenId, { baseUrl, namespace }: Pick<AboutEntry, 'baseUrl' | 'namespace'>): ResolvedEvent => ({
  at,
  type: 'resolved',
  baseUrl,
  namespace,
  temporaryId: name,
  realId: real && idOf(real),
});

/** How the providers stand that an entry awaits. */
export type Standing =
  /** Each has given its real id, or there's none to await. */
  | 'ready'
  /** An answer is still to come. */
  | 'awaits-id'
  /** A provider is a dead letter, which somebody may retry. */
  | 'provider-dead'
  /** An answer had no id in it, which the page may tell. */
  | 'no-id'
  /** A provider was discarded, cancelled or refused: its thing will never be. */
  | 'gone';

/** The worst of the providers counts. @param providers undefined for one that isn't there any more */
export function standing(providers: readonly (Provider | undefined)[]): Standing {
  const all = providers.map((provider) => {
    if (!provider) return 'gone';
    if (provider.state !== 'answered') return provider.state === 'dead' ? 'provider-dead' : 'awaits-id';
    return provider.real ? 'ready' : 'no-id';
  });
  return (['gone', 'provider-dead', 'no-id', 'awaits-id'] as const).find((worst) => all.includes(worst)) ?? 'ready';
}

/**
 * The effect that a decision about a provider has on the entries that await it; null for none. An answer has no effect: the entries
 * are sent from then on, or set aside when their turn comes.
 */
export function toDependents({ provides, state }: EntryRecord, { entry, given }: Decision, input: EntryInput): EntryInput | null {
  if (provides === undefined || given) return null;
  if (entry?.provides === undefined) return { type: 'provider-gone', newer: 'newer' in input ? input.newer : undefined };
  return state === 'dead' && entry.state === 'pending' ? { type: 'rejoined' } : null;
}

/**
 * Whether a request may take the place of an entry in line (`Holdfast-Replace`): there it must not wait for a provider that stands
 * behind, nor provide another temporary id than the one that others await.
 */
export const fitsInPlace = ({ provides, awaits = [] }: Pick<EntryRecord, 'provides' | 'awaits'>, waiting: EntryRecord): boolean =>
  awaits.every((seq) => seq < waiting.seq) && (provides === undefined || waiting.provides === undefined || provides === waiting.provides);
