import type { Session } from '../../policy/session.js';
import type { Backend } from './backend.js';

/** Who is signed in at a backend. */
export const sessionOf = ({ token, signOuts, record: { last, signedOut, sessionUser, epoch } }: Backend): Session => ({
  token,
  signOuts,
  last,
  signedOut,
  sessionUser,
  epoch,
});

/** Takes over who is signed in. Gives the way back, for when it can't be written: it leads nowhere once another token is live. */
export function setSession(backend: Backend, { token, signOuts, ...stored }: Session): () => void {
  const before = sessionOf(backend);
  backend.token = token;
  backend.signOuts = signOuts;
  // The record is written when it's another one than on disk.
  if (stored.epoch !== before.epoch || stored.last !== before.last || stored.signedOut !== before.signedOut) backend.record = { ...backend.record, ...stored };
  return () => {
    if (backend.token === token) setSession(backend, before);
  };
}
