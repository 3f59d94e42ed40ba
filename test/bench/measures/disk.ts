import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import type { Actor } from '../actor.js';
import { eachOf, namesFor, type Measure } from '../measure.js';
import type { VariantName } from '../variants.js';
import { emptyAndHeld, heardOf } from './capture.js';

const WRITING = ['holdfast', 'ahead', 'workbox', 'serwist'] as const satisfies VariantName[];
const ENTRIES = 100;

/** Nothing has been written for so long, so that what's gathered is in. In milliseconds. */
const QUIET_MS = 500;
const TRIES = 4;

/**
 * What's written to the disk for an entry, as the origin's own folder grows: the database's log has every
 * write in its order, deletions too, until it's compacted at 4 MB; where that happened meanwhile, it's
 * measured again. The bytes of the browser's processes (`/proc/PID/io`) hold all that the browser writes besides.
 */
export const disk: Measure = {
  name: 'disk',
  words: `bytes written for each of ${ENTRIES} entries of 1 KiB: captured, and delivered`,
  rounds: 1,
  quickRounds: 1,
  async run(context) {
    const { profile } = context.stage;
    for (let round = 0; round < context.rounds; round++) {
      await eachOf(WRITING, round, context, async (actor, note) => {
        for (let tries = 1; ; tries++) {
          await emptyAndHeld(context, [actor.name]);
          const before = await folder(profile, actor);
          actor.answers(500);
          await actor.posts({ names: namesFor(ENTRIES) }, heardOf(actor.name, 500));
          await actor.owes(ENTRIES);
          const stored = await folder(profile, actor);
          actor.answers(201);
          await actor.hold(false);
          await actor.replay();
          await actor.server.arrived(ENTRIES);
          await actor.owes(0);
          const delivered = await folder(profile, actor);
          if (before.tables === '' || before.tables === delivered.tables) {
            note('disk-capture', 'bytes', [(stored.bytes - before.bytes) / ENTRIES]);
            note('disk-replay', 'bytes', [(delivered.bytes - stored.bytes) / ENTRIES]);
            return;
          }
          if (tries === TRIES) throw new Error(`the log of ${actor.name} was compacted in each of ${TRIES} tries`);
        }
      });
    }
  },
};

interface Folder {
  bytes: number;
  /** The names of its tables and logs: other ones after a compaction. */
  tables: string;
}

async function folder(profile: string, { origin }: Actor): Promise<Folder> {
  const path = join(profile, 'Default/IndexedDB', `${origin.replace('://', '_').replace(':', '_')}.indexeddb.leveldb`);
  for (let last = -1; ; ) {
    // A queue makes its database with its first entry.
    const files = existsSync(path) ? await readdir(path) : [];
    const sizes = await Promise.all(files.map(async (file) => (await stat(join(path, file))).size));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const tables = files.filter((file) => /\.(log|ldb)$/.test(file)).toSorted().join(' ');
    if (bytes === last) return { bytes, tables };
    last = bytes;
    await delay(QUIET_MS);
  }
}
