/** What is printed of a run. */
import { TOLERATED_MS, type Arguments } from './arguments.js';
import type { Violation } from './checks.js';
import { opIdOf } from './op.js';
import type { PlanOptions } from './plan.js';
import { killsInFlight, type Post, type Record as RunRecord } from './record.js';
import type { Tally } from './tally.js';

export const commandFor = ({ seed, ops, tabs, tolerate, load, stops, example }: PlanOptions & Pick<Arguments, 'tolerate' | 'load' | 'stops' | 'example'>): string =>
  [
    `npm run chaos -- --seed ${seed} --ops ${ops} --tabs ${tabs}`,
    ...(tolerate === TOLERATED_MS ? [] : [`--tolerate ${tolerate}`]),
    ...(load === 0 ? [] : [`--load ${load}`]),
    ...(stops === 0 ? [] : [`--stops ${stops}`]),
    ...(example ? ['--example'] : []),
  ].join(' ');

export interface Verdict {
  violations: readonly Violation[];
  /** How many posts were redispatched within what is tolerated. */
  tolerated: number;
  /** How many posts the browser sent around the worker. */
  bypassed: number;
  /** How many posts the browser sent once more by itself, and were done twice. */
  resent: number;
}

/** The counts of a run, a line for each subject. */
export function summary(record: RunRecord, { violations, tolerated, bypassed, resent }: Verdict, tookMs: number): string {
  const { posts, kills, seen, effects, journal } = record;
  const heard = posts.map(({ heard }) => (heard?.kind === 'answer' ? `answer ${heard.status}` : (heard?.kind ?? 'nothing')));
  const inFlight = posts.filter((post) => killsInFlight(post, kills).length > 0).length;
  const repeated = seen.filter(({ did }) => did.endsWith('repeated')).length;
  return [
    `posts       ${posts.length}: ${counted(heard)}`,
    `requests    ${seen.length}: ${counted(seen.map(({ did }) => did))}`,
    `kills       ${kills.length}: ${counted(kills.map(({ what }) => what))}; ${inFlight} posts in flight at one; ${record.loadsAgain} pages loaded again`,
    `effects     ${effects.length}; ${repeated} repeated under the same key, without effect`,
    `journal     ${journal.size}: ${counted([...journal.values()].map(({ type }) => type))}`,
    `violations  ${violations.length}: ${counted(violations.map(({ kind }) => kind)) || 'nothing lost, doubled, overtaken or as the wrong user'}`,
    `tolerated   ${tolerated} redispatched, as nothing of them was on disk yet`,
    `bypassed    ${bypassed} sent around the worker by the browser, so Holdfast never saw them`,
    `resent      ${resent} done twice, as the browser sent them once more by itself while their token lapsed`,
    `time        ${(tookMs / 1000).toFixed(1)} s, ${((posts.length * 1000) / tookMs).toFixed(1)} posts/s`,
  ].join('\n');
}

/** The counts of all runs that came to their end. */
export function totals(tallies: readonly Tally[], { load, runs, tookMs }: { load: number; runs: number; tookMs: number }): string {
  const sum = (name: keyof Tally) => tallies.reduce((total, tally) => total + tally[name], 0);
  const broken = runs - tallies.length;
  return [
    `load        ${load} busy processes`,
    `minutes     ${(tookMs / 60_000).toFixed(1)}, ${runs} run${runs === 1 ? '' : 's'}${broken > 0 ? `, ${broken} of them broken off and not counted` : ''}`,
    `posts       ${sum('posts')}`,
    `kills       ${sum('kills')}, ${sum('aheadKills')} of workers over a write-ahead post, ${sum('serverKills')} of the server's processes`,
    `lost        ${sum('lost')}`,
    `doubled     ${sum('doubled')} where the key counts, ${sum('tolerated')} of them tolerated; ${sum('doubledWithoutKey')} where it doesn't`,
    `overtaken   ${sum('overtaken')}`,
    `owners      ${sum('otherOwner')} in effect as another owner's`,
  ].join('\n');
}

function counted(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

/** A violation, with all that is known of the posts it speaks of, in the order in which it happened. */
export function story({ kind, why, ops }: Violation, record: RunRecord): string {
  return [`${kind.toUpperCase()}: ${why}`, ...ops.flatMap((op) => storyOf(op, record))].join('\n');
}

function storyOf(id: number, record: RunRecord): string[] {
  const post = record.posts.find(({ op }) => op.id === id);
  const { backend = '?', lane = '?', user = '?', mode = '?', kind = '?' } = post?.op ?? {};
  const lines = [...told(post, record), ...record.seen.filter(({ op }) => op === id).map(({ at, did, key, user, raw }) => ({
    at,
    line: `server: ${did}, key ${key}, as ${user}${raw ? ', no worker saw it' : ''}`,
  }))].sort((a, b) => a.at.order - b.at.order);
  const events = [...record.journal.values()].filter((event) => 'url' in event && opIdOf(event.url) === id);
  return [
    `  op ${id}: ${backend}, lane ${lane}, ${user}, ${mode}, ${kind}${post ? `, tab ${post.tab}` : ''}`,
    ...lines.map(({ at, line }) => `    ${String(at.ms).padStart(6)} ms  ${line}`),
    ...events.map((event) => `    journal  ${JSON.stringify(event)}`),
  ];
}

function told(post: Post | undefined, { kills }: RunRecord) {
  if (!post) return [];
  const { called, answered, heard } = post;
  return [
    { at: called, line: 'called' },
    ...killsInFlight(post, kills).map(({ what, from, to }) => ({ at: from, line: `${what} killed, until ${to.ms} ms` })),
    ...(answered ? [{ at: answered, line: `heard ${JSON.stringify(heard)}` }] : []),
  ];
}
