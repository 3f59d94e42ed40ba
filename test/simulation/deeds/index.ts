import { oneOf, seeded } from '../../chaos/random.js';
import type { Script, Setup } from '../actions.js';
import { withDatabase } from './database.js';
import { withDocuments } from './documents.js';
import { withDrafts } from './drafts.js';
import { withIds } from './ids.js';
import { withLayer } from './layer.js';
import { withOldQueue } from './old-queue.js';
import { withScenes } from './scenes.js';
import { streamDeeds } from './streams.js';

/** Tells these chances from those that the script itself is drawn from. */
const SALT = 0x5eed;

/**
 * How far a server's clock is off, in seconds; and by how much more where its answers tell the time. Not the other way by as
 * much: a backend that has had no answer yet takes a fresh token to be over (`kept/all-is-delivered-a-clock-for-each-backend.json`).
 */
const OFF_S = [0, 0, 0, 3, -3, 40, -40];
const TOLD_OFF_S = [0, 3, -3, 40, -40, 400, 3_600];

/** Adds to a script what's drawn apart from it, so that the rest of it stays as it is. */
export function extended(script: Script): Script {
  const random = seeded(script.seed ^ SALT);
  const sessions = random() < 0.2 ? 'cookie' : 'token';
  const isDated = random() < 0.6;
  const setup: Partial<Setup> = { sessions, isDated, aheadS: oneOf(random, isDated ? TOLD_OFF_S : OFF_S) };
  const whole = { ...script.setup, ...setup } as Setup;
  const end = script.actions.at(-1)?.at ?? 0;
  const more = random() < 0.25 ? streamDeeds(random, whole, end) : [];
  const actions = [...script.actions, ...more].sort((a, b) => a.at - b.at);
  return withScenes(withDocuments(withIds(withDrafts(withLayer(withDatabase(withOldQueue({ ...script, setup: whole, actions })))))));
}
