import type { EntryInfo, EntryState, SyncStatus } from '../sw/protocol/api.js';
import { isIn, reasonInWords, waitsOf } from './describe-event.js';
import { en, zh } from './words/waits.js';

/** How the outbox stands: `sync.outbox.getSnapshot()`, or what `status()` and `entries()` give. */
export interface Standing {
  readonly status: SyncStatus | null;
  readonly entries: readonly EntryInfo[];
}

/** What the user can do something about comes first. */
const ORDER: readonly EntryState[] = ['paused', 'held', 'pending', 'sending', 'parked', 'orphaned'];

/**
 * Why nothing moves, in a person's words: for each gate how many wait there, since when, why, and what would let them go on, such as
 * "3 on hold since 12:03:55: session expired; sign in to go on". Empty when nothing waits. Dead letters aren't among it. It's plain
 * text, as of `describeEvent`, and follows the clock: call it again when the outbox changes.
 *
 * @param locale a BCP 47 tag; English where the language isn't known @default the browser's language
 * @throws RangeError for a locale that's none
 * @example describeStatus({ status: await sync.status(), entries: await sync.entries() }, 'en')
 */
export function describeStatus({ status, entries }: Standing, locale: string = navigator.language): string[] {
  if (!status) return [];
  const words = waitsOf(locale) ?? (isIn(locale, 'zh') ? zh : en);
  const time = timeIn(locale);
  const groups = new Map<string, [EntryInfo, ...EntryInfo[]]>();
  for (const entry of entries) {
    const { state, baseUrl, reason, owner } = entry;
    if (state === 'dead') continue;
    const name = JSON.stringify([state, state !== 'paused' && baseUrl, state === 'held' && reason, state === 'parked' && owner]);
    const group = groups.get(name);
    if (group) group.push(entry);
    else groups.set(name, [entry]);
  }
  const { until, reasons, counts } = words;
  return [...groups.values()].sort(([a], [b]) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state)).map((group) => {
    const [{ state, reason, owner, baseUrl }] = group;
    const { nextAttemptAt: next = null } = status.backends.find((backend) => backend.baseUrl === baseUrl && backend.namespace === group[0].namespace) ?? {};
    // Where all are alike, `status` knows those that the entries given don't have.
    const count = new Intl.NumberFormat(locale).format(Math.max(group.length, groups.size === 1 && state !== 'orphaned' ? status.waiting : 0));
    const said = counts[state === 'sending' ? 'pending' : (state as keyof typeof counts)](count) + (status.backends.length > 1 && state !== 'paused' ? ` (${baseUrl.split('//')[1]})` : '');
    const [why, end] = reached();
    return words.sentence(said, time(Math.min(...group.map(({ since }) => since))), why, end);

    function reached(): [why: string, end: string] {
      const why = reasonInWords(reason, locale);
      switch (state) {
        case 'sending':
          return [reasonInWords('first-send', locale), ''];
        case 'paused':
          return [reasons.paused, until.resumed];
        case 'orphaned':
          return [reasons.noBackend, until.named];
        case 'parked':
          return [reason === 'signed-out' ? why : reasons.anotherUser, until.userSignsIn(owner)];
        case 'held':
          return [why, reason === 'csrf-expired' ? until.pageGives : until.signedIn];
        default:
          return [why, !status!.online ? until.online : next === null ? until.gateOpens : next > Date.now() ? until.tried(time(next)) : until.triedNow];
      }
    }
  });
}

/** Tells a time, as `12:03:55`, with the day where that isn't today. */
export function timeIn(locale: string): (at: number) => string {
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
  const dated = new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'medium' });
  return (at) => (new Date(at).toDateString() === new Date().toDateString() ? clock : dated).format(at);
}
