import type { BackendRecord, LastToken, SignedOut } from './backend-record.js';
import { clocksAt, decodeJwt, isOlder, isOver, issuedAt } from './jwt.js';

/** The token of the moment. It lives in memory alone. */
export interface LiveToken {
  value: string;
  scheme: string;
  owner: string | null;
  digest: string;
  /** When it's over by its own word, in milliseconds since the epoch; null when it doesn't say. */
  expiresAt: number | null;
  /** The app has handed it over, and so said who is signed in; else it was seen on a request. */
  provided: boolean;
}

/** Who is signed in at one backend: what is on disk of it, and what lives in memory alone. */
export interface Session extends Pick<BackendRecord, 'last' | 'signedOut' | 'sessionUser' | 'epoch'> {
  token: LiveToken | null;
  /** Sign-outs in this worker's life: what was begun before one is of no use after it. */
  signOuts: number;
}

export type SessionEvent =
  | {
      /** A token has come: handed over by the app (`token.provided`), or seen on a request that the page makes. */
      type: 'token';
      token: LiveToken;
      /** Sign-outs there had been when it came. */
      signOuts: number;
      now: number;
      serverSkewMs: number | null;
    }
  /** A token was seen on a request, and is over by its own word. */
  | { type: 'over-token'; token: LiveToken; isHeld: boolean }
  /** The app says whose session by cookie has begun. */
  | { type: 'signed-in'; user: string }
  | {
      type: 'signed-out';
      at: number;
      /** The last token that was handed over and isn't taken yet. */
      arriving: LastToken | null;
      /** Whose session by cookie it is. */
      cookieUser: string | null;
      /** The token that was made last of all that any backend knows: it's forgotten here as well. */
      newest: LastToken | null;
    };

export type SessionEffect =
  /** The token is the live one already. */
  | 'same'
  /** It changes nothing: of no use any more, or of an earlier user. */
  | 'ignored'
  /** It signs nobody in, and nor will it later. */
  | 'forgotten'
  /** It's the live token from now on. */
  | 'live'
  /** Somebody is signed in again, by that token or by a cookie. */
  | 'signed-in'
  /** Nobody is signed in from now on. */
  | 'signed-out'
  /** Nobody was, and nobody is. */
  | 'none';

/**
 * Who is signed in, one event after the other.
 *
 * | event | | becomes |
 * |---|---|---|
 * | token | it's the live one | same; handed over, it counts as that |
 * | | it was on its way at a sign-out | ignored; it's among what the sign-out has forgotten |
 * | | learnt, after a sign-out, and it was forgotten then, or made before | ignored |
 * | | learnt, and older than the same user's live one | ignored |
 * | | learnt, and older than another user's that the app handed over and that's still good | ignored |
 * | | any other | live; signed in, after a sign-out |
 * | over-token | there's no other, no hold and no sign-out | live: it says whose session is over |
 * | | else | ignored |
 * | signed-in | | signed in, by cookie |
 * | signed-out | | signed out: its user is the one whose token came last, or whose cookie it was |
 */
export function session(before: Session, event: SessionEvent): [Session, SessionEffect] {
  switch (event.type) {
    case 'token': {
      const { token: live, signedOut } = before;
      const { token } = event;
      const isLive = live?.value === token.value && live.scheme === token.scheme;
      if (isLive) return [token.provided ? { ...before, token: { ...live, provided: true } } : before, 'same'];
      if (event.signOuts !== before.signOuts) return forgetting(before, token, event.serverSkewMs);
      if (!token.provided && isOfNoUse(before, event)) return [before, 'ignored'];
      return [taken(before, token), signedOut ? 'signed-in' : 'live'];
    }
    case 'over-token':
      return before.token || before.signedOut || event.isHeld ? [before, 'ignored'] : [taken(before, event.token), 'live'];
    case 'signed-in':
      return [{ ...before, sessionUser: event.user, signedOut: null, epoch: before.epoch + 1 }, before.signedOut ? 'signed-in' : 'none'];
    case 'signed-out': {
      const { last } = before;
      const { since = event.at, user: earlier = null, forgotten: known = null } = before.signedOut ?? {};
      const current = event.arriving ?? before.token;
      const user = current ? current.owner : (event.cookieUser ?? last?.owner ?? earlier);
      const own = last ?? known;
      const forgotten = own ? { ...own, issuedAt: event.newest?.issuedAt ?? null } : event.newest;
      return [
        { token: null, last: null, sessionUser: null, signedOut: { since, user, forgotten }, epoch: before.epoch + 1, signOuts: before.signOuts + 1 },
        before.signedOut ? 'none' : 'signed-out',
      ];
    }
  }
}

const taken = (before: Session, token: LiveToken): Session => ({
  ...before,
  token,
  signedOut: null,
  last: { owner: token.owner, digest: token.digest, expiresAt: token.expiresAt, issuedAt: issuedAt(token.value) },
  epoch: before.signedOut ? before.epoch + 1 : before.epoch,
});

/** What was on its way at a sign-out signs nobody in, nor does a later request that brings it once more. */
function forgetting(before: Session, { value, owner, digest }: LiveToken, serverSkewMs: number | null): [Session, SessionEffect] {
  const { signedOut } = before;
  if (!signedOut || isForgotten({ value, digest }, signedOut, serverSkewMs)) return [before, 'ignored'];
  const forgotten = { owner, digest, expiresAt: null, issuedAt: issuedAt(value) ?? signedOut.forgotten?.issuedAt ?? null };
  return [{ ...before, signedOut: { ...signedOut, forgotten } }, 'forgotten'];
}

/** Whether the token on a page's request says nothing of who is signed in: its page hasn't heard yet of a sign-out, or of a sign-in. */
function isOfNoUse({ token: live, last, signedOut }: Session, event: SessionEvent & { type: 'token' }): boolean {
  const { token } = event;
  if (signedOut && isForgotten(token, signedOut, event.serverSkewMs)) return true;
  if (live?.owner === token.owner && isOlder(token.value, live.value)) return true;
  // Where the app leaves it to requests to tell who is signed in, the last one counts.
  if (!last || last.owner === token.owner || live?.provided === false || isOver(last.expiresAt, clocksAt(event.now, event.serverSkewMs))) return false;
  const made = issuedAt(token.value);
  return made !== null && last.issuedAt !== null && made < last.issuedAt;
}

/** Whether it's the token that was forgotten at the sign-out, one that was made no later than that, or before the sign-out. */
function isForgotten({ value, digest }: Pick<LiveToken, 'value' | 'digest'>, { forgotten, since }: SignedOut, serverSkewMs: number | null): boolean {
  const { iat = Infinity } = decodeJwt(value) ?? {};
  const { server } = clocksAt(since, serverSkewMs);
  // It's told in full seconds, and only the server's clock can be held against it.
  if (server !== null && (iat + 1) * 1000 <= server) return true;
  const made = issuedAt(value);
  return forgotten?.digest === digest || (made !== null && made <= (forgotten?.issuedAt ?? -Infinity));
}
