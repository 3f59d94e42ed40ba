import { realIdOf } from '../../policy/real-id.js';
import { check, type Rule } from '../../policy/rules.js';
import { idOf } from '../../policy/temporary-ids.js';
import type { Ports } from '../../ports.js';
import type { SyncApi } from '../../protocol/api.js';
import type { State } from '../backend/backends.js';
import { sessionUser } from '../backend/gates.js';
import type { Nudge } from '../nudge.js';
import type { Providers } from '../providers.js';
import type { Report } from '../report.js';
import type { Neighbours } from '../workers/neighbours.js';

export interface ResolvingParts {
  ports: Pick<Ports, 'clock'>;
  state: State;
  report: Report;
  providers: Providers;
  neighbours: Neighbours;
  nudge: Nudge;
}

const NAME: Rule = [(name: unknown) => typeof name === 'string' && name !== '', 'it must be a temporary id'];
const REAL_ID: Rule = [(id: unknown) => realIdOf(id) !== null, 'it must be a number, or a string of 1 to 1024 characters'];

/** The call that tells a temporary id's real one, or is told it. */
export function createResolving({ ports: { clock }, state, report, providers, neighbours, nudge }: ResolvingParts): Pick<SyncApi, 'resolve'> {
  return {
    async resolve(name, realId) {
      check('temporaryId', name ?? null, NAME);
      if (realId !== undefined) check('realId', realId, REAL_ID);
      if (!neighbours.isAlone()) await providers.refresh();
      const found = [...state.backends.values()].flatMap((backend) => {
        const { token, record: { last } } = backend;
        return [token?.owner, last?.owner, sessionUser(backend), null].flatMap((owner = null) => providers.finder({ backend: backend.config.key, owner })?.(name) ?? []);
      });
      const newest = found.sort((a, b) => b.seq - a.seq)[0];
      if (!newest || newest.real || newest.state === 'pending' || realId === undefined) return newest?.real ? idOf(newest.real) : null;
      const { seq, backend: key, owner } = newest;
      const real = realIdOf(realId)!;
      const backend = state.backends.get(key)!;
      const decisions = await report.resolve({ seq, backend: key, owner, name, real, at: clock.now() }, backend.config);
      // The lanes are listed at once, so that no new request overtakes what goes on.
      for (const { entry } of decisions) if (entry?.turn) backend.lanes.listed(entry.turn);
      void nudge();
      return idOf(real);
    },
  };
}
