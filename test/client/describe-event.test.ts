import { describe, expect, test } from 'vitest';
import { addLanguage, describeEvent } from '../../client/describe-event.js';
import { en } from '../../client/words/en.js';
import { zh } from '../../client/words/zh.js';
import type { SyncEvent } from '../../sw/protocol/events.js';

const about = { at: 0, id: 'a', key: 'k', seq: 1, baseUrl: 'b', namespace: '', lane: 'l', method: 'POST', url: 'u' };
const gate = { at: 0, baseUrl: 'b', namespace: '', owner: 'ann' };
const retrying = { ...about, type: 'retrying', attemptId: 'x', attempt: 2, maxAttempts: 5, delayMs: 4_000, reason: 'server-error', status: 503 } as const;

const cases: [event: SyncEvent, english: string, chinese: string][] = [
  [{ ...about, type: 'queued', reason: 'unreachable' }, 'Saved, to be sent later: server unreachable', '已保存，稍后发送：无法连接服务器'],
  [{ ...about, type: 'sending', send: 1 }, 'Sending…', '正在发送…'],
  [{ ...about, type: 'sending', send: 1_234 }, 'Sending, attempt 1,234…', '正在发送（第 1,234 次）…'],
  [retrying, 'Server error, retry 2 of 5…', '服务器错误，第 2 次重试（共 5 次）…'],
  [{ ...retrying, maxAttempts: null, reason: 'unreachable', delayMs: 500 }, 'Server unreachable, next try in 1 second…', '无法连接服务器，1秒钟后重试…'],
  [{ ...retrying, maxAttempts: null, reason: 'timeout', delayMs: 90_000 }, 'No answer in time, next try in 2 minutes…', '服务器响应超时，2分钟后重试…'],
  [{ ...retrying, maxAttempts: null, reason: 'in-progress', delayMs: 4_000 }, 'The server is still working on it, next try in 4 seconds…', '服务器仍在处理，4秒钟后重试…'],
  [{ ...about, type: 'delivered', status: 201 }, 'Delivered', '已送达'],
  [{ ...about, type: 'delivered', status: 201, replayed: true }, 'Delivered as it was before the change', '已送达的是修改前的内容'],
  [{ ...about, type: 'failed', reason: 'permanent', status: 422 }, 'Not delivered: refused by the server (422)', '未送达：服务器拒绝了请求（422）'],
  [
    { ...about, type: 'failed', reason: 'retries-exhausted', status: 409, inDoubt: true },
    'Perhaps delivered: the last retry failed (409). Look there before you send it again',
    '可能已送达：最后一次重试失败（409）。重新发送前请先确认',
  ],
  [
    { ...about, type: 'failed', reason: 'permanent', status: 500, inDoubt: true, replayed: true },
    'Perhaps delivered: the server gives its first answer again (500). Look there before you send it again',
    '可能已送达：服务器重复了首次应答（500）。重新发送前请先确认',
  ],
  [{ ...about, type: 'failed', reason: 'permanent', status: 429, replayed: true }, 'Not delivered: the server gives its first answer again (429)', '未送达：服务器重复了首次应答（429）'],
  [{ ...about, type: 'failed', reason: 'expired', status: null }, 'Not delivered: waited too long', '未送达：等待时间过长'],
  [{ ...about, type: 'queued', reason: 'awaits-id' }, 'Saved, to be sent later: waits for what it belongs to', '已保存，稍后发送：等待所属内容先送达'],
  [{ ...about, type: 'failed', reason: 'provider-gone', status: null }, 'Not delivered: what it belongs to isn’t there', '未送达：所属内容已不存在'],
  [{ at: 0, type: 'resolved', baseUrl: 'b', namespace: '', temporaryId: 'temp-1', realId: 7 }, 'Made: temp-1 is 7 now', '已创建：temp-1 的编号为 7'],
  [{ at: 0, type: 'resolved', baseUrl: 'b', namespace: '', temporaryId: 'temp-1', realId: null }, 'The server gave no id for temp-1', '服务器未给出 temp-1 的编号'],
  [{ ...about, type: 'cancelled', mayBeDelivered: false }, 'Cancelled', '已取消'],
  [{ ...about, type: 'cancelled', mayBeDelivered: true }, 'Cancelled; it may have been delivered all the same', '已取消，但可能已送达'],
  [{ ...about, type: 'coalesced', newer: { method: 'PUT', url: 'u' } }, 'Joined with a newer change, to be sent as one', '已与较新的更改合并，将一并发送'],
  [{ ...about, type: 'coalesced', newer: { method: 'DELETE', url: 'u' }, discarded: true }, 'Undone before it was sent', '发送前已撤销'],
  [{ ...about, type: 'parked', owner: 'ann' }, 'Waits until ann signs in', '等待 ann 登录'],
  [{ ...about, type: 'parked', owner: null }, 'Waits until its user signs in', '等待原用户登录'],
  [{ ...gate, type: 'held', reason: 'auth-expired', id: 'a' }, 'On hold: session expired', '已暂缓：登录已过期'],
  [{ ...gate, type: 'held', reason: 'session-expired', id: 'a' }, 'On hold: session expired', '已暂缓：登录会话已过期'],
  [{ ...gate, type: 'held', reason: 'csrf-expired', id: null }, 'On hold: the page’s security token expired', '已暂缓：页面安全令牌已过期'],
  [{ ...gate, type: 'auth-required', reason: 'csrf-expired' }, 'Asks the page for its security token', '正在向页面获取安全令牌'],
  [{ ...gate, type: 'released', generation: 2, reason: 'csrf-expired' }, 'Sending goes on', '继续发送'],
  [{ ...gate, type: 'auth-required', reason: 'token-missing' }, 'Sign in to go on', '请登录以继续'],
  [{ ...gate, type: 'released', generation: 2 }, 'Signed in; sending goes on', '已登录，继续发送'],
  [{ at: 0, type: 'paused' }, 'Sending is paused', '已暂停发送'],
  [{ at: 0, type: 'resumed' }, 'Sending goes on', '继续发送'],
  [{ at: 0, type: 'outbox-full', method: 'POST', url: 'u', limit: 'quota' }, 'Not saved: there’s no more room for what waits', '未保存：待发送内容已满'],
  [{ at: 0, type: 'storage-failed', method: 'POST', url: 'u', error: 'x' }, 'Not saved: this device’s storage fails', '未保存：此设备的存储出现故障'],
  [{ at: 0, type: 'online' }, 'Online', '已联网'],
  [{ at: 0, type: 'offline' }, 'Offline', '已离线'],
];

describe('describeEvent', () => {
  test.each(cases)('R9 the event $type has its words in English and in Chinese', (event, english, chinese) => {
    expect(describeEvent(event, 'en')).toBe(english);
    expect(describeEvent(event, 'zh-CN')).toBe(chinese);
  });

  test('R9 each language has words for each type of event, and for no other', () => {
    const named = new Set(cases.map(([{ type }]) => type));
    for (const { events } of [en, zh]) expect(new Set(Object.keys(events))).toEqual(named);
  });

  test.each([
    ['en-GB', 'Offline'],
    ['zh', '已离线'],
    ['zh-SG', '已离线'],
    ['zh-Hans-HK', '已离线'],
    ['zh-TW', 'Offline'],
    ['sv', 'Offline'],
  ])('R9 an event in the locale %s is described as %s', (locale, text) => {
    expect(describeEvent({ at: 0, type: 'offline' }, locale)).toBe(text);
  });

  test('R9 an app can add a language, which numbers and times follow', () => {
    addLanguage('de', {
      reasons: { ...en.reasons, unreachable: 'Server nicht erreichbar' },
      events: { ...en.events, retrying: ({ delayMs, reason }, say) => `${say.reason(reason)}, weiter ${say.after(delayMs)}` },
    });
    expect(describeEvent({ ...retrying, reason: 'unreachable', delayMs: 7_200_000 }, 'de-AT')).toBe('Server nicht erreichbar, weiter in 2 Stunden');
    expect(describeEvent({ ...about, type: 'sending', send: 1_234 }, 'de')).toContain('1.234');
  });

  test('R9 a locale that isn’t a language tag is refused', () => {
    expect(() => describeEvent({ at: 0, type: 'offline' }, 'not a locale')).toThrow(RangeError);
    expect(() => addLanguage('', en)).toThrow(RangeError);
  });
});
