import type { EntryInfo, SyncStatus } from '../../../client/index.js';
import { nameOf, type Trouble } from './session.js';

export type StatusState = 'idle' | 'waiting' | 'held' | 'paused';

/** What the status line says. */
export interface StatusLine {
  state: StatusState;
  icon: string;
  text: string;
  /** When the next try is made. */
  nextAt: number | null;
  act: 'sign-in' | 'fresh-csrf' | 'resume' | null;
  /** Whose sign-in is needed. */
  user: string | null;
}

const REASONS: Record<EntryInfo['reason'], string> = {
  unreachable: "the server can't be reached",
  timeout: "the server doesn't answer",
  'server-error': 'the server is in trouble',
  'rate-limited': 'the server asked for a break',
  'server-unavailable': "the server isn't there",
  'in-progress': 'the server is still working on it',
  offline: 'this device is offline',
  'circuit-open': "the server can't be reached",
  'behind-waiting': 'others are before it',
  'auth-expired': 'your session has expired',
  'session-expired': 'your session has ended',
  'csrf-expired': "the page's CSRF token is stale",
  'signed-out': 'nobody is signed in',
  'token-missing': 'a fresh sign-in is needed',
  'first-send': "it's on its first way",
  conflict: 'the server has a newer version',
  replaced: 'it took the place of an older one',
  retried: "it's being tried again",
  'awaits-id': "it waits for what it belongs to",
  'provider-dead': "it waits for what it belongs to, which wasn't delivered",
  'no-id': 'the server gave no id for what it belongs to',
  'provider-gone': "what it belongs to isn't there",
  permanent: 'the server refused it',
  redirected: 'it was answered with a page, such as a sign-in',
  'retries-exhausted': 'it was tried too often',
  expired: 'it waited too long',
  'auth-rejected': 'fresh sign-ins were refused too',
  'before-send': "it couldn't be prepared",
  'on-conflict': "the server has a newer version, and the two couldn't be joined",
  unsendable: "it can't be sent",
  unreadable: "it can't be read any more",
  unwritable: "this device can't write it down",
};

export const reasonWords = (reason: EntryInfo['reason']): string => REASONS[reason] ?? reason;

export const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

export const inSeconds = (at: number, now: number): string => {
  const seconds = Math.ceil((at - now) / 1000);
  return seconds > 0 ? `in ${seconds} s` : 'now';
};

/** A new report, or a change of an old one. */
const nouns = (entries: readonly EntryInfo[]): string => {
  const noun = entries.every((entry) => entry.method === 'POST') ? 'report' : 'change';
  return plural(entries.length, noun);
};
const verb = (entries: readonly EntryInfo[], one: string, many: string) => (entries.length === 1 ? one : many);

/** @param trouble what the server has refused the page itself */
export function statusLine(status: SyncStatus, entries: readonly EntryInfo[], inFlight: number, trouble: Trouble | null): StatusLine {
  const line = { nextAt: null, act: null, user: null };
  const of = (state: EntryInfo['state']) => entries.filter((entry) => entry.state === state);
  const live = entries.filter((entry) => entry.state !== 'dead');
  const [held, parked, sending, dead] = [of('held'), of('parked'), of('sending'), of('dead')];

  if (status.paused) {
    const kept = live.length > 0 ? `${nouns(live)} ${verb(live, 'stays', 'stay')} here until you resume.` : 'Nothing waits.';
    return { ...line, state: 'paused', icon: 'paused', text: `Sending is paused. ${kept}`, act: 'resume' };
  }
  if (held.length > 0) {
    const why = reasonWords(held[0]!.reason);
    const text = `${nouns(held)} ${verb(held, 'is', 'are')} held: ${why}.`;
    const act = held[0]!.reason === 'csrf-expired' ? 'fresh-csrf' : 'sign-in';
    return { ...line, state: 'held', icon: 'held', text, act, user: held[0]!.owner };
  }
  if (parked.length > 0) {
    const owner = parked[0]!.owner ?? '';
    const text = `${nouns(parked)} ${verb(parked, 'is', 'are')} held until ${nameOf(owner)} signs in.`;
    return { ...line, state: 'held', icon: 'held', text, act: 'sign-in', user: owner };
  }
  if (trouble === 'lapsed') return { ...line, state: 'held', icon: 'held', text: 'Your session has ended.', act: 'sign-in' };
  if (trouble === 'stale') return { ...line, state: 'held', icon: 'held', text: "The page's CSRF token is stale.", act: 'fresh-csrf' };
  if (sending.length > 0) {
    const text = live.length > 1 ? `Sending ${sending.length} of ${nouns(live)}.` : `Sending ${nouns(live)}.`;
    return { ...line, state: 'waiting', icon: 'sending', text };
  }
  if (live.length > 0) {
    const text = `${nouns(live)} ${verb(live, 'waits', 'wait')}: ${reasonWords(whyWaiting(live))}.`;
    return { ...line, state: 'waiting', icon: 'waiting', text, nextAt: status.online ? status.nextAttemptAt : null };
  }
  if (inFlight > 0) return { ...line, state: 'waiting', icon: 'sending', text: `Sending ${plural(inFlight, 'change')}.` };
  if (dead.length > 0) {
    const text = `${nouns(dead)} could not be delivered. The outbox asks what to do.`;
    return { ...line, state: 'waiting', icon: 'dead', text };
  }
  return { ...line, state: 'idle', icon: 'delivered', text: 'Everything is delivered.' };
}

const BEHIND: EntryInfo['reason'][] = ['behind-waiting', 'circuit-open', 'awaits-id'];

/** The first in line has the true reason; those behind it only know that they're behind. */
export function whyWaiting(live: readonly EntryInfo[]): EntryInfo['reason'] {
  return live.find(({ reason }) => !BEHIND.includes(reason))?.reason ?? live[0]!.reason;
}

export const clockTime = (at: number): string => new Date(at).toLocaleTimeString([], { hour12: false });

export function ago(at: number, now: number): string {
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ago` : plural(Math.floor(hours / 24), 'day') + ' ago';
}

export const size = (bytes: number): string =>
  bytes < 1024 ? `${bytes} B` : bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
