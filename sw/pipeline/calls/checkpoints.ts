import { check, type Rule } from '../../policy/rules.js';
import { isPast } from '../../policy/session.js';
import type { Ports } from '../../ports.js';
import type { SyncApi } from '../../protocol/api.js';
import type { Made } from '../../protocol/comlink.js';
import { isKey } from '../../protocol/ids.js';
import type { State } from '../backend/backends.js';

/** The greatest length of a value, in characters: it travels in a header (`Last-Event-ID`), and any server refuses longer headers. */
const LONGEST = 65_536;

const KEY: Rule = [(key: unknown) => typeof key === 'string' && isKey(key), 'it must be a checkpoint key'];
const VALUE: Rule = [
  (value: unknown) => typeof value === 'string' && value.length <= LONGEST,
  `it must be a string of ${LONGEST} characters at most`,
];

/** The calls for the worker's checkpoints, which all tabs share, and which outlive each tab, as a page made them. */
export function createCheckpointCalls(
  { checkpoints: { load, save, clear }, clock }: Pick<Ports, 'checkpoints' | 'clock'>,
  { backends }: Pick<State, 'backends'>,
): (made: Made) => Pick<SyncApi, 'checkpoint' | 'saveCheckpoint' | 'clearCheckpoint'> {
  /** Whether a call is from before a sign-out, which may have purged the checkpoints, or of a former user. Its stream has ended, or saves again: at worst some events come twice. */
  const isTooLate = (key: string, made: Made) => {
    const backend = backends.get(key.replace(/\|[^|]*$/, ''));
    return backend !== undefined && isPast(backend.record, made, clock.now());
  };
  return (made) => ({
    async checkpoint(key) {
      check('key', key ?? null, KEY);
      return load(key);
    },
    async saveCheckpoint(key, value) {
      check('key', key ?? null, KEY);
      check('value', value ?? null, VALUE);
      if (!isTooLate(key, made)) await save(key, value);
    },
    async clearCheckpoint(key) {
      check('key', key ?? null, KEY);
      await clear(key);
    },
  });
}
