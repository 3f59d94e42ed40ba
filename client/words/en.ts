import type { Words } from './words.js';

export const en: Words = {
  reasons: {
    unreachable: 'server unreachable',
    timeout: 'no answer in time',
    'server-error': 'server error',
    'rate-limited': 'too many requests',
    'server-unavailable': 'server unavailable',
    'in-progress': 'the server is still working on it',
    offline: 'offline',
    'circuit-open': 'server unreachable',
    'behind-waiting': 'others go first',
    'auth-expired': 'session expired',
    'token-missing': 'sign-in needed',
    'session-expired': 'session expired',
    'csrf-expired': 'the page’s security token expired',
    'signed-out': 'signed out',
    'first-send': 'on its way',
    replaced: 'took an older one’s place',
    conflict: 'newer version on the server',
    retried: 'tried again by hand',
    'awaits-id': 'waits for what it belongs to',
    'provider-dead': 'waits for what it belongs to, which wasn’t delivered',
    'no-id': 'the server gave no id for what it belongs to',
    permanent: 'refused by the server',
    redirected: 'answered with a page, such as a sign-in',
    'retries-exhausted': 'the last retry failed',
    'auth-rejected': 'every sign-in was refused',
    expired: 'waited too long',
    'before-send': 'could not be prepared',
    'on-conflict': 'the conflict could not be resolved',
    unsendable: 'can’t be sent',
    unreadable: 'can’t be read any more',
    unwritable: 'this device can’t save it',
    'provider-gone': 'what it belongs to isn’t there',
  },
  events: {
    queued: ({ reason }, say) => `Saved, to be sent later: ${say.reason(reason)}`,
    sending: ({ send }, say) => (send > 1 ? `Sending, attempt ${say.number(send)}…` : 'Sending…'),
    retrying: ({ attempt, maxAttempts, delayMs, reason }, say) =>
      maxAttempts === null
        ? `${say.reason(reason)}, next try ${say.after(delayMs)}…`
        : `${say.reason(reason)}, retry ${say.number(attempt)} of ${say.number(maxAttempts)}…`,
    delivered: ({ partial, replayed }) =>
      replayed ? 'Delivered as it was before the change' : partial ? 'Delivered in part; the rest was refused' : 'Delivered',
    failed: ({ reason, status, inDoubt, replayed }, say) => {
      const why = `${replayed ? 'the server gives its first answer again' : say.reason(reason)}${status === null ? '' : ` (${status})`}`;
      return inDoubt ? `Perhaps delivered: ${why}. Look there before you send it again` : `Not delivered: ${why}`;
    },
    cancelled: ({ mayBeDelivered, conflict }) => (conflict ? 'Given up for the server’s newer version' : mayBeDelivered ? 'Cancelled; it may have been delivered all the same' : 'Cancelled'),
    coalesced: ({ discarded }) => (discarded ? 'Undone before it was sent' : 'Joined with a newer change, to be sent as one'),
    resolved: ({ temporaryId, realId }) => (realId === null ? `The server gave no id for ${temporaryId}` : `Made: ${temporaryId} is ${realId} now`),
    parked: ({ owner }) => (owner === null ? 'Waits until its user signs in' : `Waits until ${owner} signs in`),
    held: ({ reason }, say) => `On hold: ${say.reason(reason)}`,
    'auth-required': ({ reason }) => (reason === 'csrf-expired' ? 'Asks the page for its security token' : 'Sign in to go on'),
    released: ({ reason }) => (reason === 'csrf-expired' ? 'Sending goes on' : 'Signed in; sending goes on'),
    paused: 'Sending is paused',
    resumed: 'Sending goes on',
    'outbox-full': 'Not saved: there’s no more room for what waits',
    'storage-failed': 'Not saved: this device’s storage fails',
    online: 'Online',
    offline: 'Offline',
  },
};
