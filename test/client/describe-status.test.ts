import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addLanguage } from '../../client/describe-event.js';
import { describeStatus } from '../../client/describe-status.js';
import { en as events } from '../../client/words/en.js';
import { en } from '../../client/words/waits.js';
import type { BackendStatus, EntryInfo, SyncStatus } from '../../sw/protocol/api.js';

const NOW = new Date(2026, 0, 2, 12, 10).getTime();
const SINCE = new Date(2026, 0, 2, 12, 3, 55).getTime();
const NEXT = new Date(2026, 0, 2, 12, 15).getTime();

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

const entry = (fields: Partial<EntryInfo>) => ({ state: 'pending', reason: 'unreachable', since: SINCE, owner: null, baseUrl: 'https://app.example/api', namespace: '', ...fields }) as EntryInfo;
const standing = (entries: EntryInfo[], fields: Partial<SyncStatus> = {}, nextAttemptAt: number | null = NEXT, bases = ['https://app.example/api']) => ({
  entries,
  status: {
    online: true,
    waiting: entries.filter(({ state }) => state !== 'dead').length,
    backends: bases.map((baseUrl) => ({ baseUrl, namespace: '', nextAttemptAt }) as BackendStatus),
    ...fields,
  } as SyncStatus,
});

const cases: [what: string, given: Parameters<typeof describeStatus>[0], english: string[], chinese: string[]][] = [
  ['a server that isn’t reached', standing([entry({}), entry({ reason: 'behind-waiting', since: SINCE + 1 })]), ['2 waiting since 12:03:55: server unreachable; next try 12:15:00'], ['2 项等待中（自 12:03:55）：无法连接服务器；12:15:00重试']],
  ['a try that’s due', standing([entry({ reason: 'server-error' })], {}, NOW), ['1 waiting since 12:03:55: server error; next try now'], ['1 项等待中（自 12:03:55）：服务器错误；即将重试']],
  ['a closed gate', standing([entry({})], {}, null), ['1 waiting since 12:03:55: server unreachable; goes on when the network, or the app, lets it'], ['1 项等待中（自 12:03:55）：无法连接服务器；网络或应用允许后继续']],
  ['a browser that’s offline', standing([entry({ reason: 'offline' })], { online: false }), ['1 waiting since 12:03:55: offline; goes on with the network'], ['1 项等待中（自 12:03:55）：已离线；联网后继续']],
  ['a pause', standing([entry({ state: 'paused' })], { paused: true }, null), ['1 paused since 12:03:55: sending is paused; resume sending to go on'], ['1 项已暂停（自 12:03:55）：发送已暂停；恢复发送后继续']],
  ['a hold', standing([entry({ state: 'held', reason: 'auth-expired' })]), ['1 on hold since 12:03:55: session expired; sign in to go on'], ['1 项已暂缓（自 12:03:55）：登录已过期；登录后继续']],
  ['a hold for a CSRF token', standing([entry({ state: 'held', reason: 'csrf-expired' })]), ['1 on hold since 12:03:55: the page’s security token expired; goes on when the page gives a new one'], ['1 项已暂缓（自 12:03:55）：页面安全令牌已过期；页面提供新令牌后继续']],
  ['a sign-out', standing([entry({ state: 'parked', reason: 'signed-out', owner: 'ann' })]), ['1 parked since 12:03:55: signed out; goes on when ann signs in'], ['1 项已搁置（自 12:03:55）：已退出登录；ann登录后继续']],
  ['another user', standing([entry({ state: 'parked' })]), ['1 parked since 12:03:55: another user’s; goes on when its user signs in'], ['1 项已搁置（自 12:03:55）：属于其他用户；原用户登录后继续']],
  ['a backend that’s gone', standing([entry({ state: 'orphaned' })], { waiting: 0 }), ['1 without a backend since 12:03:55: the app has no such backend any more; name its base URL in “formerly”, or cancel it'], ['1 项没有后端（自 12:03:55）：应用已不再配置该后端；请在 formerly 中写明其基础 URL，或将其取消']],
  ['a send', standing([entry({ state: 'sending' })]), ['1 waiting since 12:03:55: on its way'], ['1 项等待中（自 12:03:55）：正在发送']],
];

describe('describeStatus', () => {
  test.each(cases)('R9 says in English and in Chinese why nothing moves, since when, and what would end that: %s', (_what, given, english, chinese) => {
    const in24 = (texts: string[]) => texts.map((text) => text.replace(/ ?(AM|PM)/g, ''));
    expect(in24(describeStatus(given, 'en'))).toEqual(english);
    expect(describeStatus(given, 'zh-CN')).toEqual(chinese);
  });

  test('R9 has a sentence for each gate, first what the user can do something about, and the parked last', () => {
    const entries = [entry({ state: 'parked', owner: 'ann' }), entry({}), entry({ state: 'held', reason: 'token-missing' }), entry({ baseUrl: 'https://app.example/v2' }), entry({ state: 'dead', reason: 'permanent' })];
    const said = describeStatus(standing(entries, {}, NEXT, ['https://app.example/api', 'https://app.example/v2']), 'en');
    expect(said.map((text) => text.split(' since')[0])).toEqual(['1 on hold (app.example/api)', '1 waiting (app.example/api)', '1 waiting (app.example/v2)', '1 parked (app.example/api)']);
  });

  test('R9 counts what the given entries leave out, where all are alike', () => {
    expect(describeStatus(standing([entry({})], { waiting: 1_234 }), 'en')).toEqual([expect.stringContaining('1,234 waiting')]);
  });

  test('R9 is empty while nothing waits, and before the worker has answered', () => {
    expect(describeStatus(standing([entry({ state: 'dead' })]), 'en')).toEqual([]);
    expect(describeStatus({ status: null, entries: [] }, 'en')).toEqual([]);
  });

  test('R9 tells the day of a time that isn’t today’s', () => {
    expect(describeStatus(standing([entry({ since: SINCE - 86_400_000 })]), 'en-GB')[0]).toContain('since 01/01/2026, 12:03:55');
  });

  test('R9 speaks an added language: its reasons, and its words for what waits, if it has any', () => {
    addLanguage('sv', { ...events, reasons: { ...events.reasons, unreachable: 'servern nås inte' } });
    expect(describeStatus(standing([entry({})]), 'sv')).toEqual(['1 waiting since 12:03:55: servern nås inte; next try 12:15:00']);
    addLanguage('sv', { ...events, waits: { ...en, counts: { ...en.counts, pending: (count) => `${count} väntar` } } });
    expect(describeStatus(standing([entry({})]), 'sv')[0]).toContain('1 väntar');
  });
});
