import type { EntryRecord } from '../../policy/entry-record.js';
import { planSends } from '../../policy/lanes.js';
import type { Ports } from '../../ports.js';
import type { BackendStatus, EntryFilter, EntryInfo, SyncStatus } from '../../protocol/api.js';
import { VERSION } from '../../protocol/version.js';
import type { Backend } from '../backend/backend.js';
import type { State } from '../backend/backends.js';
import type { DescribeEntry } from '../backend/describe-entry.js';
import { awaitsSignIn, configurationOf, isParked, sessionUser, viewOf } from '../backend/gates.js';

/** Clocks that differ by less count as equal, in milliseconds: a smaller difference doesn't help a person who reads the time. */
const AGREED_MS = 60_000;

/** When the last token expires, in the time of this device's clock. */
function expiryHere({ record: { last, serverSkewMs } }: Backend): number | null {
  const { expiresAt } = last ?? { expiresAt: null };
  const skewMs = serverSkewMs ?? 0;
  if (expiresAt === null || expiresAt === -Infinity) return null;
  return expiresAt - (Math.abs(skewMs) < AGREED_MS ? 0 : skewMs);
}

const PAGE = 500;
const DEFAULT_LIMIT = 1000;

export interface Listing {
  entries(filter?: EntryFilter): Promise<EntryInfo[]>;
  status(): Promise<SyncStatus>;
}

export function createListing({ outbox, clock, isOnline, storage }: Ports, state: State, describe: DescribeEntry): Listing {
  return {
    async entries(filter = {}) {
      const { state: wanted, baseUrl, namespace, lane, limit = DEFAULT_LIMIT } = filter;
      const bases = baseUrl === undefined ? null : state.named(baseUrl).map((backend) => backend.config.baseUrl);
      const found: EntryInfo[] = [];
      for (let after = filter.after ?? 0; found.length < limit; ) {
        const page = await outbox.list({ after, limit: Math.min(PAGE, limit) });
        for (const entry of page) {
          const info = describe(entry);
          const fits =
            (wanted === undefined || info.state === wanted) &&
            (bases === null || bases.includes(info.baseUrl)) &&
            (namespace === undefined || info.namespace === namespace) &&
            (lane === undefined || info.lane === lane);
          if (fits) found.push(info);
        }
        const last = page.at(-1);
        if (!last || page.length < Math.min(PAGE, limit)) break;
        after = last.seq;
      }
      return found.slice(0, limit);
    },

    async status() {
      const now = clock.now();
      const all = [...state.backends.values()];
      const parkedHeads = new Set<EntryRecord>();
      // Who is signed in may change while the disk is read, so each head is asked about once.
      const isParkedNow = (head: EntryRecord) => isParked(state.backends.get(head.backend)!, head, now) && parkedHeads.add(head).has(head);
      const { heads, counts, orphans } = await outbox.overview([...state.backends.keys()], isParkedNow);
      const backends = all.map((backend, index): BackendStatus => {
        const { key, baseUrl, namespace, csrf: { cookie } } = backend.config;
        const { circuit, gates, sessionGates, signedOut } = backend.record;
        const user = sessionUser(backend);
        const own = heads.filter((head) => head.backend === key);
        const others = own.filter((head) => parkedHeads.has(head));
        const { pending, dead, parked } = counts[index]!;
        const plan = planSends(own, viewOf(backend, backend.isRetryGateClosed, now), now);
        return {
          baseUrl,
          namespace,
          waiting: pending,
          parked: parked - others.filter(({ state }) => state === 'dead').length,
          needsSignIn: own.some((head) => !others.includes(head) && awaitsSignIn(backend, head, now)),
          dead,
          sending: backend.flights.size,
          holds: signedOut
            ? [{ owner: signedOut.user, reason: 'signed-out', since: signedOut.since }]
            : [...Object.entries(gates), ...Object.entries(sessionGates).filter(([owner]) => !owner || owner === user)].flatMap(([owner, { hold }]) =>
                hold ? [{ owner: owner || null, reason: hold.reason, since: hold.since, ...(cookie !== null && hold.reason === 'csrf-expired' && { cookie }) }] : [],
              ),
          tokenExpiresAt: expiryHere(backend),
          ...configurationOf(backend, state.settings),
          circuit: circuit.state === 'closed' ? 'closed' : circuit.until <= now ? 'half-open' : 'open',
          nextAttemptAt: state.settings.paused ? null : plan.send.length > 0 ? now : plan.due,
        };
      });
      const times = backends.flatMap(({ nextAttemptAt }) => (nextAttemptAt === null ? [] : [nextAttemptAt]));
      const sum = (count: (backend: BackendStatus) => number) => backends.reduce((total, backend) => total + count(backend), 0);
      return {
        version: VERSION,
        locale: state.locale,
        online: isOnline(),
        paused: state.settings.paused,
        waiting: sum((backend) => backend.waiting),
        parked: sum((backend) => backend.parked),
        needsSignIn: backends.some((backend) => backend.needsSignIn),
        dead: sum((backend) => backend.dead),
        orphans,
        sending: sum((backend) => backend.sending),
        backends,
        nextAttemptAt: times.length > 0 ? Math.min(...times) : null,
        storage: await storage(),
      };
    },
  };
}
