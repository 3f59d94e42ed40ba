import type { EntryState } from '../../sw/protocol/api.js';

/** One language's words for what waits, and for what would let it go on: parts of a sentence. */
export interface Waits {
  /** How many there are in a state, such as "3 on hold". */
  counts: Record<Exclude<EntryState, 'dead' | 'sending'>, (count: string) => string>;
  /**
   * The whole sentence.
   *
   * @param reason a reason, or one of `reasons` here
   * @param until one of `until` here; '' for what is on the wire
   */
  sentence(count: string, since: string, reason: string, until: string): string;
  reasons: { paused: string; anotherUser: string; noBackend: string };
  /** What would let it go on. */
  until: {
    resumed: string;
    signedIn: string;
    /** The page gives a CSRF token. */
    pageGives: string;
    /** @param user null where nobody knows who */
    userSignsIn(user: string | null): string;
    online: string;
    /** @param when a time */
    tried(when: string): string;
    triedNow: string;
    /** A gate is the network's validation, or the app's own. */
    gateOpens: string;
    named: string;
  };
}

export const en: Waits = {
  counts: {
    pending: (count) => `${count} waiting`,
    held: (count) => `${count} on hold`,
    parked: (count) => `${count} parked`,
    paused: (count) => `${count} paused`,
    orphaned: (count) => `${count} without a backend`,
  },
  sentence: (count, since, reason, until) => `${count} since ${since}: ${reason}${until && `; ${until}`}`,
  reasons: { paused: 'sending is paused', anotherUser: 'another user’s', noBackend: 'the app has no such backend any more' },
  until: {
    resumed: 'resume sending to go on',
    signedIn: 'sign in to go on',
    pageGives: 'goes on when the page gives a new one',
    userSignsIn: (user) => `goes on when ${user ?? 'its user'} signs in`,
    online: 'goes on with the network',
    tried: (when) => `next try ${when}`,
    triedNow: 'next try now',
    gateOpens: 'goes on when the network, or the app, lets it',
    named: 'name its base URL in “formerly”, or cancel it',
  },
};

/** Simplified Chinese. */
export const zh: Waits = {
  counts: {
    pending: (count) => `${count} 项等待中`,
    held: (count) => `${count} 项已暂缓`,
    parked: (count) => `${count} 项已搁置`,
    paused: (count) => `${count} 项已暂停`,
    orphaned: (count) => `${count} 项没有后端`,
  },
  sentence: (count, since, reason, until) => `${count}（自 ${since}）：${reason}${until && `；${until}`}`,
  reasons: { paused: '发送已暂停', anotherUser: '属于其他用户', noBackend: '应用已不再配置该后端' },
  until: {
    resumed: '恢复发送后继续',
    signedIn: '登录后继续',
    pageGives: '页面提供新令牌后继续',
    userSignsIn: (user) => `${user ?? '原用户'}登录后继续`,
    online: '联网后继续',
    tried: (when) => `${when}重试`,
    triedNow: '即将重试',
    gateOpens: '网络或应用允许后继续',
    named: '请在 formerly 中写明其基础 URL，或将其取消',
  },
};
