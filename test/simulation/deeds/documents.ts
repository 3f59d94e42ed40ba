import { between, oneOf, seeded, type Random } from '../../chaos/random.js';
import type { Action, Op, Script, Setup } from '../actions.js';

/** A write to a document that others change, too. */
export interface DocumentWrite {
  name: string;
  /** The whole of it, or a merge patch (RFC 7396). */
  how: 'PUT' | 'PATCH';
  /** The version that it's for: the one that its page saw last, one that the page has just read, or whichever there is. */
  condition: 'seen' | 'fresh' | 'none';
}

export type DocumentDeed =
  /** Another person changes a document. */
  | { do: 'rewrite'; backend: Op['backend']; document: string }
  /** Another person is faster than the next writes to a document, so many times, once so many writes have come. */
  | { do: 'rival'; backend: Op['backend']; document: string; after: number; times: number };

/** What the app's `onConflict` is: one that's ready, or its own, which does another thing for each write. */
export type ConflictPolicy = 'clientWins' | 'serverWins' | 'mergeJson' | 'own';

/** What the app's own `onConflict` does about a write. */
export const fateOf = (op: number): 'throws' | 'never ends' | 'merges late' | 'gives none' | 'discards' =>
  (['throws', 'never ends', 'merges late', 'gives none', 'discards'] as const)[op % 5]!;

/** So many seeds have documents, so many of such a seed's writes are to them, and another person comes before so many of those. */
const SHARE = 0.16;
const WRITES = 0.4;
const OTHERS = 0.25;

/** How often the user works on one document while the server is away. */
const SITTINGS = 2;

const NAMES = ['d1', 'd2'];
const CONDITIONS: readonly DocumentWrite['condition'][] = ['seen', 'seen', 'seen', 'fresh', 'none'];

/** In some seeds writes are to documents that another person changes meanwhile. They're drawn apart: all other seeds stay as they are. */
export function withDocuments(script: Script): Script {
  const random = seeded(script.seed ^ 0x0d_0c_5e_75);
  if (random() >= SHARE) return script;
  const setup: Partial<Setup> = {
    onConflict: oneOf(random, ['clientWins', 'serverWins', 'mergeJson', 'mergeJson', 'own', null] as const),
    followsEtags: random() < 0.6,
    conflictStatus: oneOf(random, [412, 412, 412, 409] as const),
    demandsCondition: random() < 0.3,
  };
  const actions = script.actions.flatMap((action): Action[] => {
    if (action.do !== 'post' || random() >= WRITES || isOfAnother(action.op)) return [action];
    const op = opOf(action.op, random, oneOf(random, NAMES));
    const other: Action = { at: action.at, do: 'rewrite', backend: op.backend, document: op.document!.name };
    return random() < OTHERS ? [other, { ...action, op }] : [{ ...action, op }];
  });
  const pages = script.setup.pages ?? 1;
  let id = Math.max(0, ...actions.map((action) => (action.do === 'post' ? action.op.id : 0)));
  const end = actions.at(-1)?.at ?? 0;
  for (let left = SITTINGS; left > 0; left--) actions.push(...sitting(random, between(random, 0, end), pages, () => ++id));
  return { ...script, setup: { ...script.setup, ...setup }, actions: actions.sort((a, b) => a.at - b.at) };
}

/** Whether a write takes part in something else. */
const isOfAnother = (op: Op): boolean => op.isAnonymous || op.taskId !== null || Boolean(op.provides || op.draft || op.fails) || op.names !== undefined;

const opOf = (op: Op, random: Random, name: string): Op => ({
  ...op,
  lane: random() < 0.8 ? name : op.lane,
  mode: op.mode === 'bypass' ? null : op.mode,
  body: null,
  document: { name, how: random() < 0.7 ? 'PUT' : 'PATCH', condition: oneOf(random, CONDITIONS) },
});

function sitting(random: Random, start: number, pages: number, nextId: () => number): Action[] {
  const page = () => between(random, 0, pages - 1);
  const backend = oneOf(random, ['api', 'bare'] as const);
  const name = oneOf(random, NAMES);
  const of = { backend, document: name };
  let at = start;
  const actions: Action[] = [oneOf(random, [{ at, do: 'offline' }, { at, do: 'weather', weather: { fault: oneOf(random, ['down', '500', 'reset-after', 'reset-after'] as const), share: 1 } }] as const)];
  const isShared = random() < 0.2;
  for (let left = between(random, 3, 5); left > 0; left--) {
    at += oneOf(random, [1, 30, 300, 2_000]);
    const mode = oneOf(random, [null, null, null, 'wait'] as const);
    const op: Op = { id: nextId(), backend, lane: null, mode, taskId: null, replace: false, isAnonymous: false, isRefused: false };
    actions.push({ at, do: 'post', page: page(), op: { ...opOf(op, random, name), lane: random() < 0.85 ? name : null } });
    if (random() < 0.15) actions.push({ at, do: 'rewrite', ...of });
    if (isShared && random() < 0.5) actions.push({ at, do: 'sign-in', page: page(), user: 'bob', provides: true });
  }
  if (isShared) actions.push({ at: at + 50, do: 'sign-in', page: page(), user: 'ann', provides: true });
  at += between(random, 100, 3_000);
  const times = oneOf(random, [0, 0, 1, 2, 9]);
  if (times > 0) actions.push({ at, do: 'rival', ...of, after: between(random, 0, 2), times });
  actions.push({ at, do: 'online' }, { at, do: 'weather', weather: null }, { at, do: 'replay', page: page() });
  if (random() < 0.5) actions.push({ at: at + between(random, 60, 400), do: 'kill', whose: 'active', afterCalls: 0 });
  return actions;
}
