import type { Made } from '../protocol/comlink.js';
import { newestMade, type BackendRecord, type LastToken, type Seen } from './backend-record.js';
import { clocksAt, decodeJwt, isOlder, isOver, issuedAt } from './jwt.js';

/** The live token, which is in memory alone. */
export interface LiveToken {
  value: string;
  /** By which the token came. An entry sends the token by the entry's own scheme. */
  scheme: string;
  owner: string | null;
  digest: string;
  /** When the token is over by its own `exp`, in milliseconds since the epoch; null when it doesn't say. */
  expiresAt: number | null;
  /** The app has said who is signed in, as it handed over the token, or one before of the same user; else the token was seen on a request. */
  provided: boolean;
}

/** Who is signed in at one backend: the part on disk, and the part in memory alone. */
export interface Session extends Pick<BackendRecord, 'last' | 'seen' | 'signedOut' | 'outAt' | 'sessionUser' | 'epoch'> {
  token: LiveToken | null;
  /** Counts sign-outs in this worker's life: a token that came before a sign-out doesn't count after it. */
  signOuts: number;
}

/** What a sign-out forgets, seen by this backend or not. */
export interface Forgets {
  /** The newest token that any backend knows. */
  newest: LastToken | null;
  /** The tokens and sign-ins that any backend has seen. */
  seen: readonly Seen[];
}

export type SessionEvent =
  | {
      /** A token has come: handed over by the app (`token.provided`), or seen on a request that the page makes. */
      type: 'token';
      token: LiveToken;
      /** The count of sign-outs when the token came. */
      signOuts: number;
      /** When the page handed the token over, or made the request. */
      at: number;
      now: number;
      serverSkewMs: number | null;
    }
  /** A token was seen on a request, and is over by its own `exp`. */
  | { type: 'over-token'; token: LiveToken; isHeld: boolean }
  /** The app says that a cookie session is live: this user's, or null where it doesn't say whose. */
  | { type: 'signed-in'; user: string | null; at: number }
  | ({
      type: 'signed-out';
      at: number;
      /** The last token that was handed over and isn't taken yet. */
      arriving: LastToken | null;
      /** The user of the cookie session. */
      cookieUser: string | null;
    } & Forgets);

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
 * | token | it's the live one, by whatever scheme | same; handed over, it counts as that |
 * | | it was on its way when a page asked for a sign-out | ignored; it's among what the sign-out has forgotten |
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
      const isLive = live?.value === token.value;
      if (isLive) return [token.provided ? { ...before, token: { ...live, scheme: token.scheme, provided: true } } : before, 'same'];
      if (isFromBefore(before, event)) return forgetting(before, token, event.serverSkewMs);
      if (!token.provided && isOfNoUse(before, event)) return [before, 'ignored'];
      // What the app has said of a user holds for the user's next token, too.
      const provided = token.provided || (live?.provided === true && live.owner === token.owner);
      return [taken(before, { ...token, provided }, event.at), signedOut ? 'signed-in' : 'live'];
    }
    case 'over-token':
      return before.token || before.signedOut || event.isHeld ? [before, 'ignored'] : [taken(before, event.token, 0), 'live'];
    case 'signed-in': {
      const sessionUser = event.user ?? before.sessionUser;
      return [{ ...before, seen: withSeen(before, sessionUser, '', event.at), sessionUser, signedOut: null, epoch: before.epoch + 1 }, before.signedOut ? 'signed-in' : 'none'];
    }
    case 'signed-out': {
      const { last } = before;
      const { user: earlier = null, forgotten: known = null } = before.signedOut ?? {};
      const current = event.arriving ?? before.token;
      const user = current ? current.owner : (event.cookieUser ?? last?.owner ?? earlier);
      const own = last ?? known;
      const forgotten = own ? { ...own, issuedAt: event.newest?.issuedAt ?? null } : event.newest;
      return [
        { token: null, last: null, sessionUser: null, signedOut: { since: event.at, user, forgotten }, outAt: event.at, seen: event.seen, epoch: before.epoch + 1, signOuts: before.signOuts + 1 },
        before.signedOut ? 'none' : 'signed-out',
      ];
    }
  }
}

/** So many tokens and sign-ins are known again. */
const SEEN = 8;

/** A token that's taken again, as a new worker learns it, is known already. */
const withSeen = ({ seen }: Session, owner: string | null, digest: string, at: number): readonly Seen[] => {
  const last = seen.at(-1);
  return last?.owner === owner && last.digest === digest ? seen : [...seen, { owner, digest, at }].slice(-SEEN);
};

/**
 * The user in whose session a page made a call, if another user's session has begun since; undefined where none has. Tokens and sessions
 * by cookie count apart, as a user may have other names there. What's later than `now` says nothing: the clock has been set back.
 *
 * @param at when the page made the call
 */
export function formerUser(seen: readonly Seen[], at: number, now: number): string | null | undefined {
  const before = ({ digest }: Seen) => seen.filter((one) => one.at <= at && !one.digest === !digest).at(-1)?.owner ?? null;
  const later = seen.find((one) => one.at > at && one.at <= now && one.owner !== before(one));
  return later && before(later);
}

/**
 * Whether a page made a call before the last sign-out, or repeats one that it made before another user's session has begun. A sign-out that's
 * later than `now` says nothing, either.
 */
export const isPast = ({ seen, outAt }: Pick<Session, 'seen' | 'outAt'>, { at, again }: Made, now: number): boolean =>
  (outAt > at && outAt <= now) || (again && formerUser(seen, at, now) !== undefined);

const taken = (before: Session, token: LiveToken, at: number): Session => ({
  ...before,
  token,
  seen: withSeen(before, token.owner, token.digest, at),
  signedOut: null,
  last: { owner: token.owner, digest: token.digest, expiresAt: token.expiresAt, issuedAt: Math.max(newestMade(before), issuedAt(token.value) ?? 0) || null },
  epoch: before.signedOut ? before.epoch + 1 : before.epoch,
});

/** Whether a token was on its way at a sign-out. One that a page has handed over after it asked for the sign-out is of who came next, whichever is carried out first. */
const isFromBefore = ({ signedOut, signOuts }: Session, event: SessionEvent & { type: 'token' }): boolean =>
  event.signOuts !== signOuts && !(event.token.provided && signedOut && event.at > signedOut.since);

/** Forgets a token that was on its way at a sign-out: it signs nobody in, nor does a later request that brings it again. */
function forgetting(before: Session, token: LiveToken, serverSkewMs: number | null): [Session, SessionEffect] {
  const { owner, digest } = token;
  if (!before.signedOut || isForgotten(token, before, serverSkewMs)) return [before, 'ignored'];
  return [{ ...before, seen: [{ owner, digest, at: 0 }, ...before.seen] }, 'forgotten'];
}

/** Whether the token on a page's request says nothing of who is signed in: the page hasn't heard yet of a sign-out or sign-in. */
function isOfNoUse(before: Session, event: SessionEvent & { type: 'token' }): boolean {
  const { token: live, last, signedOut } = before;
  const { token } = event;
  if (signedOut && isForgotten(token, before, event.serverSkewMs)) return true;
  if (live?.owner === token.owner && isOlder(token.value, live.value)) return true;
  // The last request's token says who is signed in where the app hands no tokens over.
  if (!last || last.owner === token.owner || live?.provided === false || isOver(last.expiresAt, clocksAt(event.now, event.serverSkewMs))) return false;
  const made = issuedAt(token.value);
  return made !== null && last.issuedAt !== null && made < last.issuedAt;
}

/**
 * Whether a token is one that the sign-out forgot, was made no later than that one, or was made before the sign-out. Another
 * user's token of the same second is of a sign-in after it.
 */
function isForgotten(token: LiveToken, before: Session, serverSkewMs: number | null): boolean {
  const { forgotten, since } = before.signedOut!;
  const { value, owner, digest } = token;
  const { iat = Infinity } = decodeJwt(value) ?? {};
  const { server } = clocksAt(since, serverSkewMs);
  // An `iat` is in full seconds, and can be compared with the server's clock only.
  if (server !== null && (iat + 1) * 1000 <= server) return true;
  const made = issuedAt(value);
  return forgotten?.digest === digest || before.seen.some((one) => one.digest === digest) || (made !== null && forgotten !== null && forgotten.issuedAt !== null && made < forgotten.issuedAt + (owner === forgotten.owner ? 1 : 0));
}
