/** What is printed of runs. */
import type { Script } from './actions.js';
import type { Violation } from './checks/index.js';
import type { Counts, Result } from './run.js';

export const commandFor = (seed: number, writes: number, refuse: boolean): string =>
  `npm run simulate -- --seed ${seed}${writes === 30 ? '' : ` --writes ${writes}`}${refuse ? ' --refuse' : ''} --trace`;

export const violationWords = (violations: readonly Violation[]): string =>
  violations.map(({ check, why, ops }) => `VIOLATED  ${check}: ${why}${ops.length > 0 ? ` (op ${ops.join(', ')})` : ''}`).join('\n');

export const scriptWords = ({ setup, actions }: Script): string =>
  [`${actions.length} actions, ${JSON.stringify(setup)}`, ...actions.map(({ at, ...deed }) => `${String(at).padStart(8)}  ${JSON.stringify(deed)}`)].join('\n');

/** What's told of a seed: the violations that `known.json` has apart from the others. */
export type Told = Pick<Result, 'counts' | 'violations' | 'late'> & { known: readonly Violation[] };

/** The counts of all seeds. */
export function summary(results: readonly Told[], tookMs: number): string {
  const sum = (name: keyof Counts) => results.reduce((total, { counts }) => total + counts[name], 0);
  const perSecond = (name: keyof Counts) => Math.round((sum(name) * 1000) / tookMs);
  const known = checksIn(results.map((result) => result.known));
  return [
    '',
    `seeds       ${results.length}`,
    `writes      ${sum('writes')}, ${sum('effects')} effects`,
    `workers     ${sum('ends')} ended, ${sum('redispatches')} events came again`,
    `ports       ${sum('calls')} calls, ${sum('commits')} commits, ${sum('turns')} turns`,
    ...lateWords(results.flatMap(({ late }) => late)),
    `violated    ${checksIn(results.map(({ violations }) => violations)) || 'nothing'}`,
    ...(known ? [`known       ${known}`] : []),
    `time        ${(tookMs / 1000).toFixed(1)} s, ${perSecond('writes')} writes/s, ${perSecond('turns')} turns/s`,
  ].join('\n');
}

/** How long after the faults' end, and its user's return, what waited was delivered; nothing where no write is refused on purpose. */
function lateWords(late: readonly number[]): string[] {
  if (late.length === 0) return [];
  const sorted = late.toSorted((a, b) => a - b);
  const at = (share: number) => ((sorted[Math.ceil(share * sorted.length) - 1] ?? 0) / 1000).toFixed(0);
  return [`the others  ${late.length} waited, delivered ${at(0.5)} s after the faults' end (median), ${at(0.95)} s (95 %), ${at(1)} s (longest)`];
}

/** Checks, each with the number of seeds that violate it. */
function checksIn(seeds: readonly (readonly Violation[])[]): string {
  const counts = new Map<string, number>();
  for (const violations of seeds) for (const check of new Set(violations.map((one) => one.check))) counts.set(check, (counts.get(check) ?? 0) + 1);
  return [...counts].map(([check, count]) => `${check} (${count})`).join(', ');
}
