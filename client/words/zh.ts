import type { Words } from './words.js';

/** Simplified Chinese. */
export const zh: Words = {
  reasons: {
    unreachable: '无法连接服务器',
    timeout: '服务器响应超时',
    'server-error': '服务器错误',
    'rate-limited': '请求过于频繁',
    'server-unavailable': '服务器暂不可用',
    'in-progress': '服务器仍在处理',
    offline: '已离线',
    'circuit-open': '无法连接服务器',
    'behind-waiting': '等待前面的请求',
    'auth-expired': '登录已过期',
    'token-missing': '需要登录',
    'session-expired': '登录会话已过期',
    'csrf-expired': '页面安全令牌已过期',
    'signed-out': '已退出登录',
    'first-send': '正在发送',
    replaced: '已替换较早的请求',
    conflict: '服务器有新版本',
    retried: '已手动重试',
    'awaits-id': '等待所属内容先送达',
    'provider-dead': '所属内容未送达，等待处理',
    'no-id': '服务器未给出所属内容的编号',
    permanent: '服务器拒绝了请求',
    redirected: '服务器返回了网页（例如登录页）',
    'retries-exhausted': '最后一次重试失败',
    'auth-rejected': '多次登录均被拒绝',
    expired: '等待时间过长',
    'before-send': '无法准备请求',
    'on-conflict': '无法解决冲突',
    unsendable: '无法发送',
    unreadable: '数据已无法读取',
    unwritable: '此设备无法保存',
    'provider-gone': '所属内容已不存在',
  },
  events: {
    queued: ({ reason }, say) => `已保存，稍后发送：${say.reason(reason)}`,
    sending: ({ send }, say) => (send > 1 ? `正在发送（第 ${say.number(send)} 次）…` : '正在发送…'),
    retrying: ({ attempt, maxAttempts, delayMs, reason }, say) =>
      maxAttempts === null
        ? `${say.reason(reason)}，${say.after(delayMs)}重试…`
        : `${say.reason(reason)}，第 ${say.number(attempt)} 次重试（共 ${say.number(maxAttempts)} 次）…`,
    delivered: ({ partial, replayed }) => (replayed ? '已送达的是修改前的内容' : partial ? '部分已送达，其余被拒绝' : '已送达'),
    failed: ({ reason, status, inDoubt, replayed }, say) => {
      const why = `${replayed ? '服务器重复了首次应答' : say.reason(reason)}${status === null ? '' : `（${status}）`}`;
      return inDoubt ? `可能已送达：${why}。重新发送前请先确认` : `未送达：${why}`;
    },
    cancelled: ({ mayBeDelivered, conflict }) => (conflict ? '已放弃，保留服务器的新版本' : mayBeDelivered ? '已取消，但可能已送达' : '已取消'),
    coalesced: ({ discarded }) => (discarded ? '发送前已撤销' : '已与较新的更改合并，将一并发送'),
    resolved: ({ temporaryId, realId }) => (realId === null ? `服务器未给出 ${temporaryId} 的编号` : `已创建：${temporaryId} 的编号为 ${realId}`),
    parked: ({ owner }) => (owner === null ? '等待原用户登录' : `等待 ${owner} 登录`),
    held: ({ reason }, say) => `已暂缓：${say.reason(reason)}`,
    'auth-required': ({ reason }) => (reason === 'csrf-expired' ? '正在向页面获取安全令牌' : '请登录以继续'),
    released: ({ reason }) => (reason === 'csrf-expired' ? '继续发送' : '已登录，继续发送'),
    paused: '已暂停发送',
    resumed: '继续发送',
    'outbox-full': '未保存：待发送内容已满',
    'storage-failed': '未保存：此设备的存储出现故障',
    online: '已联网',
    offline: '已离线',
  },
};
