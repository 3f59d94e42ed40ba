import { API_CALLS, type SyncApi } from './api.js';

/** How a page made a call. */
export interface Made {
  /** When the page made the call, in milliseconds since the epoch. */
  at: number;
  /** The call had no answer in time, and is posted once more. */
  again: boolean;
}

/**
 * The calls, as a page made them. A worker may have died after it did what a repeated call asks for, and a sign-in or sign-out that
 * another tab made since must stand. Left out, a call is made now.
 */
export type Calls = (made?: Made) => SyncApi;

/**
 * Comlink's request message, as far as Holdfast answers it. The message travels bare, with no envelope,
 * as Comlink's own does. `holdfast` marks the messages of `workerEndpoint`: an unmarked message is the app's own Comlink's,
 * unless it brings a token.
 */
export interface CallMessage {
  id: string;
  type: string;
  path?: string[];
  argumentList?: { type: string; value?: unknown }[];
  holdfast?: 1;
  made?: Made;
}

/** Comlink's answer to a call. */
export type CallAnswer =
  | { id: string; type: 'RAW'; value: unknown }
  | { id: string; type: 'HANDLER'; name: 'throw'; value: { isError: boolean; value: object } };

export function isCallMessage(data: unknown): data is CallMessage {
  if (typeof data !== 'object' || data === null) return false;
  const { id, type, path = [] } = data as Partial<CallMessage>;
  return typeof id === 'string' && typeof type === 'string' && Array.isArray(path);
}

/** A thrown error in Comlink's wire format. */
export function thrown(error: unknown): object {
  const isError = error instanceof Error;
  const value = isError ? { name: error.name, message: error.message, stack: error.stack } : error;
  return { type: 'HANDLER', name: 'throw', value: { isError, value } };
}

/** The call that a message asks for, or null when `SyncApi` has no such call. */
export function callName(message: CallMessage): keyof SyncApi | null {
  if (message.type !== 'APPLY' || message.path?.length !== 1) return null;
  const [name] = message.path;
  return API_CALLS.find((call) => call === name) ?? null;
}
