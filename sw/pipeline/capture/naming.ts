import type { Ports } from '../../ports.js';
import type { Neighbours } from '../workers/neighbours.js';
import type { Arrival, Providers } from '../providers.js';
import { describeRequest, sizeOf } from '../send/stored-request.js';
import { withIds } from '../send/real-ids.js';
import type { Exchange } from './exchange.js';

/**
 * Finds out which temporary ids a request names, and puts in the real ids that are known. The request awaits the providers of the
 * other temporary ids.
 *
 * @param earlier requests that came before this one and aren't on disk yet
 */
export type Naming = (exchange: Exchange, earlier: readonly Arrival[]) => Promise<void>;

export const createNaming =
  ({ restore }: Pick<Ports, 'restore'>, providers: Providers, neighbours: Neighbours): Naming =>
  async (exchange, earlier) => {
    const { draft, body, request } = exchange;
    // Providers that another living worker has stored aren't known in this one.
    if (neighbours.mayHaveStored()) await providers.refresh().catch(() => {});
    for (let ahead = earlier; ; ) {
      const find = providers.finder(draft);
      if (!find && ahead.length === 0) return;
      const named = new Set<Arrival>();
      const awaits = new Set<number>();
      const made = await withIds(draft.request, body, (token) => {
        // A request may bring its own temporary id along.
        if (token === draft.provides) return null;
        for (const arrival of ahead) if (arrival.name === token) named.add(arrival);
        const provider = find?.(token);
        if (provider && !provider.real) awaits.add(provider.seq);
        return provider?.real ?? null;
      });
      if (named.size > 0) {
        await Promise.all([...named].map(({ ended }) => ended));
        ahead = ahead.filter((arrival) => !named.has(arrival));
        continue;
      }
      exchange.body = made.body;
      exchange.draft = { ...draft, request: { ...draft.request, url: made.url }, bodySize: sizeOf(made.body), ...(awaits.size > 0 && { awaits: [...awaits] }) };
      if (made.url !== draft.request.url) exchange.request = restore({ ...describeRequest(request, Object.fromEntries(request.headers)), url: made.url }, null);
      return;
    }
  };
