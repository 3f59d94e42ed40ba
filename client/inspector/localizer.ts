import { describeEvent, reasonInWords } from '../describe-event.js';
import { timeIn } from '../describe-status.js';
import type { Reason } from '../words/words.js';
import type { SyncEvent } from '../../sw/protocol/events.js';
import { en } from './words/en.js';
import type { Labels } from './words/words.js';
import { zh } from './words/zh.js';

/** Everything that an element says, in one locale. */
export interface Localizer {
  locale: string;
  labels: Labels;
  event(event: SyncEvent): string;
  reason(reason: Reason): string;
  number(value: number): string;
  /** `12:03:55`, with the day where that isn't today. */
  time(at: number): string;
  /** From a time to `in 4 seconds`, `now` or `2 minutes ago`. */
  relative(at: number, now: number): string;
  /** As `relative`, of a time that's waited for: `now` once it's past. */
  until(at: number, now: number): string;
  /** `350 ms`, `1.2 s`. */
  duration(ms: number): string;
  /** `1.4 kB` */
  bytes(size: number): string;
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

const SIZES = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

/** @param wanted BCP 47 tags, the best first; a tag that's none is passed over */
export function localizerFor(...wanted: (string | null | undefined)[]): Localizer {
  const locale = wanted.find((tag) => tag && isLocale(tag)) ?? 'en';
  const labels = new Intl.Locale(locale).language === 'zh' ? zh : en;
  const number = new Intl.NumberFormat(locale);
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const unit = (value: number, name: string, digits = 0) =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: digits }).format(value);

  const fromNow: Localizer['relative'] = (at, now) => {
    // What is younger than a minute is now: a second that's counted for every row is noise.
    const ms = at < now && now - at < 60_000 ? 0 : at - now;
    const [name, size] = UNITS.find(([, least]) => Math.abs(ms) >= least) ?? (['second', 1000] as const);
    return relative.format(ms < 0 ? Math.ceil(ms / size) : Math.floor(ms / size), name);
  };

  return {
    locale,
    labels,
    event: (event) => describeEvent(event, locale),
    reason: (reason) => reasonInWords(reason, locale),
    number: (value) => number.format(value),
    time: timeIn(locale),
    relative: fromNow,
    until: (at, now) => (at <= now ? labels.now : fromNow(at, now)),
    duration: (ms) => (ms < 1000 ? unit(ms, 'millisecond') : unit(ms / 1000, 'second', 1)),
    bytes(size) {
      const step = Math.min(SIZES.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, size)) / 3)));
      return unit(size / 1000 ** step, SIZES[step]!, 1);
    },
  };
}

function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}
