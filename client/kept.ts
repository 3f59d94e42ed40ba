import { ENTRY_HEADER } from '../sw/protocol/headers.js';
import type { EntryInfo } from '../sw/protocol/api.js';

/** The body of the worker's own 202: the request is stored, and no server has answered it yet. */
export interface Kept extends Pick<EntryInfo, 'id' | 'key' | 'state' | 'reason'> {
  queued: true;
}

/**
 * Whether a response is the worker's own 202, so that the request is stored and still to be sent. A server's 202 isn't.
 * @example if (isKept(response)) showAsWaiting((await response.json()).id);
 */
export const isKept = (response: Response): response is { json(): Promise<Kept> } & Response => response.status === 202 && response.headers.has(ENTRY_HEADER);
