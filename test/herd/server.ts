import type { Scenario } from './scenario.js';
import type { Strategy } from './strategies.js';

/** `nobody` is no answer at all, `overloaded` a 503. */
export type Reply = 'nobody' | 'overloaded' | 'served';

/** The requests that arrived, and those of them that were served, in each second from the start. */
export interface Traffic {
  requests: number[];
  served: number[];
}

export interface Server extends Traffic {
  reply(now: number): Reply;
}

/** Down at first; then it serves up to its capacity in each full second, whoever comes first. */
export function createServer({ downMs, capacity }: Pick<Scenario, 'downMs' | 'capacity'>): Server {
  const requests: number[] = [];
  const served: number[] = [];
  return {
    requests,
    served,
    reply(now) {
      const second = Math.floor(now / 1000);
      while (requests.length <= second) {
        requests.push(0);
        served.push(0);
      }
      requests[second]!++;
      if (now < downMs) return 'nobody';
      if (served[second]! >= capacity) return 'overloaded';
      served[second]!++;
      return 'served';
    },
  };
}

/** Of its 503. */
export const headersOf = ({ retryAfterS }: Strategy): Record<string, string> =>
  retryAfterS === null ? {} : { 'retry-after': String(retryAfterS) };
