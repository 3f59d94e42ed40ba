import { nearest } from '../../policy/base-url.js';
import { withoutCsrf } from '../../policy/csrf.js';
import { isOfOneKind } from '../../policy/jwt.js';
import { learnCsrf } from '../auth/csrf.js';
import type { Holds } from '../auth/tokens.js';
import type { Backend } from '../backend/backend.js';
import type { State } from '../backend/backends.js';
import type { Nudge } from '../nudge.js';
import { newCredentialIn } from './exchange.js';

/**
 * Learns the token and the CSRF token of a request under a base URL that Holdfast doesn't answer: a GET, most often. Null, and at
 * once, where neither is new. The promise never rejects.
 */
export type Overhear = (request: Request) => Promise<void> | null;

export interface OverhearParts {
  holds: Holds;
  nudge: Nudge;
  state: State;
}

export function createOverhear({ holds, nudge, state }: OverhearParts): Overhear {
  /** The backends that may learn the token: of several namespaces on one base URL, those whose `match` takes the request. */
  function listeners(request: Request): Backend[] {
    const candidates = [...state.backends.values()].map((backend) => ({ backend, baseUrl: backend.config.baseUrl }));
    const owners = nearest(request.url, candidates).map(({ backend }) => backend);
    return owners.length > 1 ? owners.filter((backend) => isMatch(request, backend)) : owners;
  }

  return (request) => {
    const heard = listeners(request).flatMap((backend) => {
      // A refresh token goes to where tokens are asked for, and nowhere else. The CSRF token of a sign-in is over with it.
      if (backend.config.exclude(request)) return [];
      const { signOuts } = backend;
      const found = newCredentialIn(request, backend);
      const token = found && isOfItsKind(found, backend) && found;
      const isCsrfNew = learnCsrf(backend, withoutCsrf(Object.fromEntries(request.headers), backend.config.csrf.headers).csrf);
      const take = async () => {
        if (isCsrfNew) await holds.renewCsrf(backend);
        if (token) await holds.learn(backend, token.credential, token.scheme, { signOuts, redelivered: false });
        if (backend.lanes.any) await nudge();
      };
      return token || isCsrfNew ? [take] : [];
    });
    if (heard.length === 0) return null;
    const learn = async () => {
      await state.ready();
      for (const take of heard) await take();
    };
    // A failed storage is ignored: without it no entry waits for a token.
    return learn().catch(() => {});
  };
}

/**
 * Whether a token is like the live one, and no key, password or token for another service under the same URL. Only asked
 * for requests that no backend captures, as these may be for any service.
 */
function isOfItsKind({ credential, scheme }: { credential: string; scheme: string }, { token }: Backend): boolean {
  if (scheme.toLowerCase() !== (token?.scheme ?? 'Bearer').toLowerCase()) return false;
  return token === null || isOfOneKind(credential, token.value);
}

/** Whether the app's `match` takes a request; false when it throws. */
function isMatch(request: Request, { config }: Backend): boolean {
  try {
    return config.match(request);
  } catch {
    return false;
  }
}
