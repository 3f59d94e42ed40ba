import type { Violation } from './checks.js';
import { killsInFlight, type Record as RunRecord } from './record.js';

/** What is counted of each run, to be added up. */
export interface Tally {
  posts: number;
  kills: number;
  /** Of these, how many of the server's processes. */
  serverKills: number;
  /** Of these, how many of workers that had a write-ahead post in flight. */
  aheadKills: number;
  lost: number;
  /** Posts that the run's own server acted on twice, though it honours the key. */
  doubled: number;
  /** How many of these are within what is tolerated. */
  tolerated: number;
  /** Posts that a server which ignores the key would have acted on twice. */
  doubledWithoutKey: number;
  overtaken: number;
  /** Effects under another user's token. */
  otherOwner: number;
}

/** @param violations what isn't tolerated */
export function tallyOf({ posts, kills, seen }: RunRecord, violations: readonly Violation[], tolerated: number): Tally {
  const count = (...kinds: Violation['kind'][]) => violations.filter(({ kind }) => kinds.includes(kind)).length;
  const taken = new Map<number, number>();
  for (const { op, did } of seen) if (/(acted|repeated)$/.test(did)) taken.set(op, (taken.get(op) ?? 0) + 1);
  return {
    posts: posts.length,
    kills: kills.length,
    serverKills: kills.filter(({ what }) => what === 'server').length,
    aheadKills: new Set(posts.filter(({ op }) => op.backend === 'ahead').flatMap((post) => killsInFlight(post, kills)).filter(({ what }) => what === 'worker')).size,
    lost: count('lost'),
    doubled: count('doubled', 'redispatched') + tolerated,
    tolerated,
    doubledWithoutKey: [...taken.values()].filter((times) => times > 1).length,
    overtaken: count('overtaken'),
    otherOwner: count('wrong-owner'),
  };
}
