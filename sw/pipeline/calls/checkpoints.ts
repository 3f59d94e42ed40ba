import { check, type Rule } from '../../policy/rules.js';
import type { Checkpoints } from '../../ports.js';
import type { SyncApi } from '../../protocol/api.js';
import { isKey } from '../../protocol/ids.js';

/** The greatest length of a value, in characters: it travels in a header (`Last-Event-ID`), and any server refuses longer headers. */
const LONGEST = 65_536;

const KEY: Rule = [(key: unknown) => typeof key === 'string' && isKey(key), 'it must be a checkpoint key'];
const VALUE: Rule = [
  (value: unknown) => typeof value === 'string' && value.length <= LONGEST,
  `it must be a string of ${LONGEST} characters at most`,
];

/** The calls for the worker's checkpoints, which all tabs share, and which outlive each tab. */
export function createCheckpointCalls({
  load,
  save,
  clear,
}: Checkpoints): Pick<SyncApi, 'checkpoint' | 'saveCheckpoint' | 'clearCheckpoint'> {
  return {
    async checkpoint(key) {
      check('key', key ?? null, KEY);
      return load(key);
    },
    async saveCheckpoint(key, value) {
      check('key', key ?? null, KEY);
      check('value', value ?? null, VALUE);
      await save(key, value);
    },
    async clearCheckpoint(key) {
      check('key', key ?? null, KEY);
      await clear(key);
    },
  };
}
