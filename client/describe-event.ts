import type { SyncEvent } from '../sw/protocol/events.js';
import { chinese } from './words/chinese.js';
import { en } from './words/en.js';
import type { Waits } from './words/waits.js';
import type { Reason, Say, Words } from './words/words.js';

/** By language and script, as `zh-TW` isn't `zh-CN` in other words. */
const nameOf = (locale: string): string => {
  const { language, script } = new Intl.Locale(locale).maximize();
  return `${language}-${script}`;
};

const wordsIn = (locale: string): Words => languages.get(nameOf(locale))?.() ?? en;

const languages = new Map<string, () => Words>([[nameOf('zh'), chinese]]);

/**
 * Adds a language to `describeEvent` and `describeStatus`, or takes another's words for one that's there.
 *
 * @param locale a BCP 47 tag; region and the like don't matter
 * @throws RangeError for a locale that's none
 * @example addLanguage('de', { reasons: { … }, events: { delivered: 'Zugestellt', … } })
 */
export function addLanguage(locale: string, words: Words): void {
  languages.set(nameOf(locale), () => words);
}

/**
 * An event in a person's words, such as "Server error, retry 2 of 5…". It's plain text, which holds what
 * the app itself gave (an owner's name): to be shown as text, never as HTML.
 *
 * @param locale a BCP 47 tag; English where the language isn't known @default the browser's language
 * @throws RangeError for a locale that's none
 */
export function describeEvent(event: SyncEvent, locale: string = navigator.language): string {
  const words = wordsIn(locale);
  const say: Say = {
    reason: (reason: Reason) => reasonInWords(reason, locale),
    number: (value) => new Intl.NumberFormat(locale).format(value),
    after: (ms) => after(ms, locale),
  };
  const label = words.events[event.type] as string | ((event: SyncEvent, say: Say) => string);
  const text = typeof label === 'string' ? label : label(event, say);
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
}

/** The words of an app's language for what waits; undefined for English, Chinese, and a language without them. */
export const waitsOf = (locale: string): Waits | undefined => wordsIn(locale).waits;

/** Whether two locales are of one language and script. */
export const isIn = (locale: string, language: string): boolean => nameOf(locale) === nameOf(language);

/** A reason in a person's words, as it stands in a sentence of `describeEvent`. */
export function reasonInWords(reason: Reason, locale: string): string {
  return wordsIn(locale).reasons[reason] ?? reason;
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

function after(ms: number, locale: string): string {
  const seconds = Math.ceil(ms / 1000);
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? UNITS[3];
  return new Intl.RelativeTimeFormat(locale).format(Math.ceil(seconds / size), unit);
}
