import type { Decision } from '../../sw/policy/entry-decision.js';
import type { Commit, Outbox } from '../../sw/ports.js';
import { storedOutbox as stored } from '../../sw/store/outbox.js';

/** An outbox with a call for one commit, which a test may put another call in the place of: `commitAll` makes a single commit by it. */
export interface TestOutbox extends Outbox {
  commit(one: Commit): Promise<Decision | null>;
}

export function withCommit(outbox: Outbox): TestOutbox {
  const { commitAll } = outbox;
  const own: TestOutbox = Object.assign(outbox, {
    commit: async (one: Commit) => (await commitAll([one]))[0]!,
    commitAll: async (commits: readonly Commit[]) => (commits.length === 1 ? [await own.commit(commits[0]!)] : commitAll(commits)),
  });
  return own;
}

export const storedOutbox = (...given: Parameters<typeof stored>): TestOutbox => withCommit(stored(...given));
