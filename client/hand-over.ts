import type { SyncApi } from '../sw/protocol/api.js';

/** The tokens that a page has given to its worker. */
export interface HandOver {
  /** Gives them to a worker that has lost them. */
  again(): void;
  /** The user signs out. */
  forget(): void;
}

/**
 * Keeps the last token that goes through `provideToken` to each target, in the page's memory alone, for the next worker. Which of
 * them is still good is for the worker to say: it knows the last one by its digest.
 */
export function handOver(api: Pick<SyncApi, 'provideToken'>): HandOver {
  const { provideToken } = api;
  let given: Record<string, () => Promise<unknown>> = {};
  api.provideToken = (token, target) => {
    if (token) given[JSON.stringify(target)] = () => provideToken(token, target, true);
    return provideToken(token, target);
  };
  return {
    // A worker that gets none asks for a token.
    again: () => Object.values(given).forEach((give) => void give().catch(() => {})),
    forget: () => void (given = {}),
  };
}
