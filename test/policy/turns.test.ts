import { expect, test } from 'vitest';
import { credentialOf, turnOf, type Credential } from '../../sw/policy/entry-record.js';

const credentials: [what: string, credential: Credential, name: string][] = [
  ['nothing', { scheme: null, owner: null, session: false }, 'none'],
  ['ann’s session by cookie', { scheme: null, owner: 'ann', session: true }, 'session:ann'],
  ['somebody’s session by cookie', { scheme: null, owner: null, session: true }, 'session'],
  ['any token', { scheme: 'Bearer', owner: null, session: false }, 'any'],
  ['ann’s token', { scheme: 'Bearer', owner: 'ann', session: false }, 'owner:ann'],
  ['the token of somebody with an odd name', { scheme: '', owner: 'session:a\nb:', session: false }, 'owner:session:a\nb:'],
];

test.each(credentials)('A15 an entry that needs %s waits in a line of its own', (_what, credential, name) => {
  const turn = turnOf({ backend: 'b', lane: 'l', ...credential });
  expect(turn).toEqual(['b', 'l', name]);
  // The scheme isn't in it.
  expect(credentialOf(turn)).toEqual({ ...credential, scheme: credential.scheme === null ? null : '' });
});
