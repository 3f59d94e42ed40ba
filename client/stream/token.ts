import type { TokenRequest } from '../ask-token.js';
import { AuthRejectedError } from './errors.js';

/** Asks for a token; null when there's none to be had. Rejects with the stream's end. */
export type AskToken = (request: Pick<TokenRequest, 'reason' | 'rejected'>) => Promise<string | null | undefined>;

/** How often a request is sent again with a fresh token, before it's given up. */
const RESENDS = 2;

export interface StreamToken {
  /** Puts the token into the headers. Says whether a 401 may mean that token, or the lack of one. */
  addTo(headers: Headers): Promise<boolean>;
  /**
   * The server refused the token: gets another one.
   * @throws AuthRejectedError when there's none, or too many were refused already
   */
  renew(): Promise<void>;
  /** The server took it. */
  accepted(): void;
}

/**
 * The token of one stream: asked for once, and again only when the server has refused it.
 *
 * @param ask null for a stream that gets no token of ours
 */
export function streamToken(url: string, ask: AskToken | null): StreamToken {
  let token: string | null = null;
  let resends = 0;

  const get = async (reason: 'token-missing' | 'auth-expired') => {
    const given: unknown = await ask?.({ reason, rejected: reason === 'auth-expired' });
    return typeof given === 'string' ? given.replace(/^\s*bearer(\s|$)/i, '').trim() : '';
  };

  return {
    async addTo(headers) {
      // The app's own header counts until it's refused.
      if (token === null) token = headers.has('authorization') ? '' : await get('token-missing');
      if (token) headers.set('Authorization', `Bearer ${token}`);
      return ask !== null || headers.has('authorization');
    },
    async renew() {
      if (resends++ >= RESENDS) throw new AuthRejectedError(url, `and so were ${RESENDS} fresh tokens`);
      let cause: unknown;
      token = await get('auth-expired').catch((error: unknown) => {
        cause = error;
        return '';
      });
      if (!token) throw new AuthRejectedError(url, 'and there is no fresh token', cause);
    },
    accepted: () => {
      resends = 0;
    },
  };
}
