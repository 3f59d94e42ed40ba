import { isUnreplayed, withSentAhead, type Settings } from '../../policy/backend-record.js';
import { normaliseBaseUrl } from '../../policy/base-url.js';
import { credentialOf } from '../../policy/entry-record.js';
import { ConfigError } from '../../policy/errors.js';
import { AHEAD } from '../../policy/lanes.js';
import type { Outbox, OutboxStart, Ports } from '../../ports.js';
import { joinKey } from '../../protocol/ids.js';
import type { Providers } from '../providers.js';
import type { Doubts } from '../workers/doubts.js';
import type { Neighbours } from '../workers/neighbours.js';
import type { Redelivery } from '../workers/redelivery.js';
import type { Backend } from './backend.js';
import { noteSkew } from './server-clock.js';

/** The worker's state in memory: the backends and the settings, read from disk at the start. Tokens are in memory alone. */
export interface State {
  /** Backends by key. */
  readonly backends: ReadonlyMap<string, Backend>;
  settings: Settings;
  readonly locale: string | null;
  /** Reads the state from the disk. Repeated calls share one reading; a failed reading is tried again. */
  ready(): Promise<void>;
  /**
   * Must be called first in the worker's `activate` event. What was read or seen of others before doesn't count any more: until
   * then the older worker may be started again, and write. An adoption reads the state before the activation.
   */
  activated(): void;
  /** The backends with the given base URL, in whatever spelling. */
  named(baseUrl: string, namespace?: string): Backend[];
}

export interface StateParts {
  outbox: Outbox;
  log: Ports['log'];
  redelivery: Redelivery;
  doubts: Doubts;
  neighbours: Neighbours;
  providers: Providers;
  location: string;
  locale: string | null;
  /** Called once the state has been read. */
  loaded(): void;
}

export function createState(
  backends: readonly Backend[],
  { outbox, log, redelivery, doubts, neighbours, providers, location, locale, loaded }: StateParts,
): State {
  const byKey = new Map(backends.map((backend) => [backend.config.key, backend]));
  let loading: Promise<void> | undefined;

  const load = async () => {
    for (const { config } of backends) for (const former of config.formerly) await outbox.takeOver(joinKey(config.namespace, former), config);
    const [[started]] = await Promise.all([neighbours.reading(() => Promise.all([outbox.start(AHEAD), providers.refresh()])), redelivery.begin()]);
    state.settings = started.settings;
    for (const record of started.backends) {
      const backend = byKey.get(record.key);
      if (backend) backend.record = backend.recordOnDisk = record;
    }
    for (const backend of backends) {
      const { serverSkewMs } = backend.record;
      if (serverSkewMs !== null) noteSkew(backend.clock, serverSkewMs);
      const beginnings = started.beginnings.filter(({ turn: [key] }) => key === backend.config.key);
      // The reading may be older than a write that's listed, so none is taken out.
      backend.lanes.refresh(0, beginnings.map(({ turn }) => turn));
      // The worker after this one goes by the record, too, and by then it may hold the backend back.
      backend.record = withSentAhead(backend.record, beginnings.flatMap((one) => perhapsSentIn(one, started.backends).slice(1)));
    }
    doubts.begin(perhapsSent(started));
    const foreign = new Set(started.beginnings.flatMap(({ turn: [key] }) => (byKey.has(key) ? [] : key.replaceAll('%2F', '/').replaceAll('%3A', ':'))));
    if (foreign.size > 0)
      log.warn(`[holdfast] entries of ${[...foreign].join(', ')} aren't sent, as no backend has that base URL and namespace any more; name it in a backend's formerly, or cancel them`);
    loaded();
  };

  const state: State = {
    backends: byKey,
    settings: { paused: false },
    locale,
    ready: () =>
      (loading ??= load().catch((error: unknown) => {
        loading = undefined;
        throw error;
      })),
    activated() {
      redelivery.activated();
      neighbours.activated();
      loading = undefined;
    },
    named(baseUrl, namespace) {
      const wanted = normaliseBaseUrl(baseUrl, location);
      const found = backends.filter(
        ({ config }) => config.baseUrl === wanted && (namespace === undefined || config.namespace === namespace),
      );
      if (found.length > 0) return found;
      const known = backends.map(({ config }) => config.baseUrl + (config.namespace && ` (${config.namespace})`));
      const asked = namespace === undefined ? baseUrl : `${baseUrl} (${namespace})`;
      throw new ConfigError('baseUrl', asked, `it's no backend of this worker; known are: ${known.join(', ')}`);
    },
  };
  return state;
}

/** The entries that an earlier worker may have sent without their record saying so. */
export const perhapsSent = ({ backends, beginnings }: OutboxStart): number[] => beginnings.flatMap((one) => perhapsSentIn(one, backends));

/**
 * The same in one turn: the first entry, and those that may have been sent ahead of its writing. While the backend's record, as it's on disk,
 * holds it back, none are sent ahead, but for those that a worker before that had sent so; and nothing at all was sent where the record says so.
 */
function perhapsSentIn({ turn, seqs }: OutboxStart['beginnings'][number], backends: OutboxStart['backends']): number[] {
  const record = backends.find(({ key }) => key === turn[0]);
  const { scheme, owner } = credentialOf(turn);
  if (isUnreplayed(record)) return [];
  const isHeldBack = (scheme !== null && record?.gates[owner ?? '']?.hold) || record?.circuit.state !== 'closed';
  return isHeldBack ? seqs.filter((seq, index) => index === 0 || seq <= (record?.sentTo ?? 0)) : seqs;
}
