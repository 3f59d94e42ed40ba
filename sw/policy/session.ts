import { newestMade, type BackendRecord, type LastToken, type SignedOut } from './backend-record.js';
import { clocksAt, decodeJwt, isOlder, isOver, issuedAt } from './jwt.js';

/** The live token, which is in memory alone. */
export interface LiveToken {
  value: string;
  scheme: string;
  owner: string | null;
  digest: string;
  /** When the token is over by its own `exp`, in milliseconds since the epoch; null when it doesn't say. */
  expiresAt: number | null;
  /** The app handed the token over, and so said who is signed in; else the token was seen on a request. */
  provided: boolean;
}

/** Who is signed in at one backend: the part on disk, and the part in memory alone. */
export interface Session extends Pick<BackendRecord, 'last' | 'signedOut' | 'sessionUser' | 'epoch'> {
  token: LiveToken | null;
  /** Counts sign-outs in this worker's life: a token that came before a sign-out doesn't count after it. */
  signOuts: number;
}

export type SessionEvent =
  | {
      /** A token has come: handed over by the app (`token.provided`), or seen on a request that the page makes. */
      type: 'token';
      token: LiveToken;
      /** The count of sign-outs when the token came. */
      signOuts: number;
      now: number;
      serverSkewMs: number | null;
    }
  /** A token was seen on a request, and is over by its own `exp`. */
  | { type: 'over-token'; token: LiveToken; isHeld: boolean }
  /** The app says that a cookie session is live: this user's, or null where it doesn't say whose. */
  | { type: 'signed-in'; user: string | null }
  | {
      type: 'signed-out';
      at: number;
      /** The last token that was handed over and isn't taken yet. */
      arriving: LastToken | null;
      /** The user of the cookie session. */
      cookieUser: string | null;
      /** The newest token that any backend knows: this backend forgets it as well. */
      newest: LastToken | null;
    };

export type SessionEffect =
  /** The token is the live one already. */
  | 'same'
  /** The token changes nothing: it's of no use any more, or of an earlier user. */
  | 'ignored'
  /** The token signs nobody in, now or later. */
  | 'forgotten'
  /** The token is the live one from now on. */
  | 'live'
  /** A user is signed in again, by the token or by a cookie. */
  | 'signed-in'
  /** Nobody is signed in from now on. */
  | 'signed-out'
  /** Nothing has changed. */
  | 'none';

/**
 * The state machine of who is signed in.
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
 * | signed-in | | signed in, by cookie; without a user, whoever was said last |
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
      return [{ ...before, sessionUser: event.user ?? before.sessionUser, signedOut: null, epoch: before.epoch + 1 }, before.signedOut ? 'signed-in' : 'none'];
    case 'signed-out': {
      const { last } = before;
      const { user: earlier = null, forgotten: known = null } = before.signedOut ?? {};
      const current = event.arriving ?? before.token;
      const user = current ? current.owner : (event.cookieUser ?? last?.owner ?? earlier);
      const own = last ?? known;
      const forgotten = own ? { ...own, issuedAt: event.newest?.issuedAt ?? null } : event.newest;
      return [
        { token: null, last: null, sessionUser: null, signedOut: { since: event.at, user, forgotten }, epoch: before.epoch + 1, signOuts: before.signOuts + 1 },
        before.signedOut ? 'none' : 'signed-out',
      ];
    }
  }
}

const taken = (before: Session, token: LiveToken): Session => ({
  ...before,
  token,
  signedOut: null,
  last: { owner: token.owner, digest: token.digest, expiresAt: token.expiresAt, issuedAt: Math.max(newestMade(before), issuedAt(token.value) ?? 0) || null },
  epoch: before.signedOut ? before.epoch + 1 : before.epoch,
});

/** Forgets a token that was on its way at a sign-out: it signs nobody in, nor does a later request that brings it again. */
function forgetting(before: Session, { value, owner, digest }: LiveToken, serverSkewMs: number | null): [Session, SessionEffect] {
  const { signedOut } = before;
  if (!signedOut || isForgotten({ value, owner, digest }, signedOut, serverSkewMs)) return [before, 'ignored'];
  const forgotten = { owner, digest, expiresAt: null, issuedAt: issuedAt(value) ?? signedOut.forgotten?.issuedAt ?? null };
  return [{ ...before, signedOut: { ...signedOut, forgotten } }, 'forgotten'];
}

/** Whether the token on a page's request says nothing of who is signed in: the page hasn't heard yet of a sign-out or sign-in. */
function isOfNoUse({ token: live, last, signedOut }: Session, event: SessionEvent & { type: 'token' }): boolean {
  const { token } = event;
  if (signedOut && isForgotten(token, signedOut, event.serverSkewMs)) return true;
  if (live?.owner === token.owner && isOlder(token.value, live.value)) return true;
  // The last request's token says who is signed in where the app hands no tokens over.
  if (!last || last.owner === token.owner || live?.provided === false || isOver(last.expiresAt, clocksAt(event.now, event.serverSkewMs))) return false;
  const made = issuedAt(token.value);
  return made !== null && last.issuedAt !== null && made < last.issuedAt;
}

/**
 * Whether a token is the one that the sign-out forgot, was made no later than that one, or was made before the sign-out. Another
 * user's token of the same second is of a sign-in after it.
 */
function isForgotten({ value, owner, digest }: Pick<LiveToken, 'value' | 'owner' | 'digest'>, { forgotten, since }: SignedOut, serverSkewMs: number | null): boolean {
  const { iat = Infinity } = decodeJwt(value) ?? {};
  const { server } = clocksAt(since, serverSkewMs);
  // An `iat` is in full seconds, and can be compared with the server's clock only.
  if (server !== null && (iat + 1) * 1000 <= server) return true;
  const made = issuedAt(value);
  return forgotten?.digest === digest || (made !== null && forgotten !== null && forgotten.issuedAt !== null && made < forgotten.issuedAt + (owner === forgotten.owner ? 1 : 0));
}
