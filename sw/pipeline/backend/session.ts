import type { Session } from '../../policy/session.js';
import type { Backend } from './backend.js';

/** Who is signed in at a backend. */
export const sessionOf = ({ token, signOuts, record: { last, seen, signedOut, outAt, sessionUser, epoch } }: Backend): Session => ({
  token,
  signOuts,
  last,
  seen,
  signedOut,
  outAt,
  sessionUser,
  epoch,
});

/** Sets who is signed in. Returns a function that undoes this when it can't be written, unless another token is live by then. */
export function setSession(backend: Backend, { token, signOuts, ...stored }: Session): () => void {
  const before = sessionOf(backend);
  backend.token = token;
  backend.signOuts = signOuts;
  // The record is written only when it's another object than the written one, so it's replaced for real changes alone: each of them is seen, or a new epoch.
  if (stored.epoch !== before.epoch || stored.seen !== before.seen) backend.record = { ...backend.record, ...stored };
  return () => {
    if (backend.token === token) setSession(backend, before);
  };
}
