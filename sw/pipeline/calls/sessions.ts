import { ConfigError } from '../../policy/errors.js';
import { issuedAt } from '../../policy/jwt.js';
import { bool, check, checkOptions, record, text, type Rule, type Rules } from '../../policy/rules.js';
import { isPast } from '../../policy/session.js';
import type { Clock } from '../../ports.js';
import type { SyncApi, TokenResult } from '../../protocol/api.js';
import type { Made } from '../../protocol/comlink.js';
import type { Sessions } from '../auth/sessions.js';
import type { Holds } from '../auth/tokens.js';
import type { Backend } from '../backend/backend.js';
import type { State } from '../backend/backends.js';
import type { Drain } from '../drain/drain.js';

const TARGET_RULES: Rules = { baseUrl: text, namespace: text, scheme: text };
/** What a page gives that leaves a field out. */
const NO_CSRF = { token: null, cookies: {} };
const SESSION_RULES: Rules = { baseUrl: text, namespace: text };
const CSRF_RULES: Rules = { token: [(token: unknown) => token === null || typeof token === 'string', 'it must be a string, or null'], cookies: record('values by name') };
const SIGN_OUT_RULES: Rules = { purge: bool };
const USER_RULE: Rule = [(user: unknown) => typeof user === 'string' && user !== '' && user.length <= 255, 'it must be a string of 1 to 255 characters'];

const RESULTS: readonly TokenResult[] = [
  'released',
  'stored',
  'other-owner',
  'ignored: same-token',
  'ignored: expired',
  'ignored: blank',
];

export interface SessionCallParts {
  clock: Clock;
  state: State;
  holds: Holds;
  sessions: Sessions;
  drain: Pick<Drain, 'nudge'>;
}

/** The calls that say who is signed in, as a page made them. */
export function createSessionCalls({ clock, state, holds, sessions, drain }: SessionCallParts): (made: Made) => Pick<SyncApi, 'provideToken' | 'signIn' | 'renew' | 'signOut'> {
  const withAuth = () => [...state.backends.values()].filter(({ config }) => config.auth !== null);

  function targets(baseUrl?: string, namespace?: string): Backend[] {
    if (baseUrl !== undefined) return state.named(baseUrl, namespace).filter(({ config }) => config.auth !== null);
    const all = withAuth().filter(({ config }) => namespace === undefined || config.namespace === namespace);
    const origins = new Set(all.map(({ config }) => new URL(config.baseUrl).origin));
    if (origins.size < 2) return all;
    const rule = `it's needed, as a token isn't to be shown to another origin; there are ${[...origins].join(', ')}`;
    throw new ConfigError('target.baseUrl', baseUrl, rule);
  }

  /** Whether a call that signs a user in is from before a sign-out, or before another user has come. Tokens and sessions by cookie count apart. */
  const isTooLate = ({ record: { seen, outAt } }: Backend, isToken: boolean, made: Made) =>
    isPast({ outAt, seen: seen.filter(({ digest }) => !digest !== isToken) }, made, clock.now());

  return (made) => ({
    async provideToken(token, target, isAgain) {
      if (token === null || token === undefined) return 'ignored: blank';
      if (typeof token !== 'string') throw new ConfigError('token', typeof token, 'it must be a string, or null');
      checkOptions(target ?? {}, TARGET_RULES, 'target.');
      const { baseUrl, namespace, scheme = 'Bearer' } = target ?? {};
      const value = token.trim().replace(/^bearer\s+/i, '');
      if (value === '') return 'ignored: blank';
      checkHeaderValue('token', value);
      if (scheme !== '') checkHeaderValue('scheme', scheme);
      // Each backend's count of sign-outs is read before the first write: a sign-out during a write comes after the token.
      const giving = targets(baseUrl, namespace).map(async (backend) => {
        const arriving = { owner: backend.config.owner(value), digest: '', expiresAt: null, issuedAt: issuedAt(value), at: made.at };
        // What comes again may be of an earlier user.
        if (!isAgain) backend.arriving = arriving;
        try {
          // With a count that's none, the token counts as one that was on its way at the sign-out.
          return await holds.provide(backend, value, scheme, { learnt: false, signOuts: isTooLate(backend, true, made) ? NaN : backend.signOuts, isAgain, at: made.at });
        } finally {
          if (backend.arriving === arriving) backend.arriving = null;
          void drain.nudge();
        }
      });
      const results = await Promise.all(giving);
      return RESULTS.find((result) => results.includes(result)) ?? 'stored';
    },

    async signIn(user) {
      if (user !== undefined) check('user', user, USER_RULE);
      const open = withAuth().filter((backend) => !isTooLate(backend, false, made));
      await sessions.signIn(open, user ?? null, made.at);
      void drain.nudge();
    },
    async renew(target, csrf) {
      check('target', target ?? null, record('baseUrl and namespace'));
      checkOptions(target, SESSION_RULES, 'target.');
      if (csrf !== undefined) checkOptions(csrf, CSRF_RULES, 'csrf.');
      const { baseUrl, namespace } = target;
      const results = targets(baseUrl, namespace).map((backend) => (csrf ? holds.renewCsrf(backend, { ...NO_CSRF, ...csrf }) : sessions.renew(backend)));
      const all = await Promise.all(results);
      void drain.nudge();
      return RESULTS.find((result) => all.includes(result)) ?? 'stored';
    },
    async signOut(options) {
      const { purge = false } = options ?? {};
      checkOptions(options ?? {}, SIGN_OUT_RULES);
      try {
        await sessions.signOut(withAuth(), purge, made);
      } finally {
        void drain.nudge();
      }
    },
  });
}

/** Checks that a value can be sent in a header: https://www.rfc-editor.org/rfc/rfc9110#section-5.5 */
function checkHeaderValue(name: string, value: string): void {
  if (!/^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(value) || value.length > MAX_TOKEN)
    throw new ConfigError(
      name,
      `(${value.length} characters)`,
      `it must be visible ASCII in one line, ${MAX_TOKEN} characters at most`,
    );
}

/** The greatest length of a token, in characters: any server refuses longer headers. */
const MAX_TOKEN = 65_536;
