/** What the panel's bridge goes by in the page. The number rises with the shape of what travels. */
export const BRIDGE = '__holdfastDevtools2';

export interface BridgeError {
  name: string;
  message: string;
}

export type BridgeAnswer = { id: number; value: unknown } | { id: number; error: BridgeError };

/** What has happened in the page since it was asked last. */
export interface Collected {
  answers: BridgeAnswer[];
  events: HeardEvent[];
}

/** An event of the scope's worker. */
export interface HeardEvent {
  scope: string;
  event: unknown;
}

export interface Bridge {
  /** Asks for the scopes whose workers are Holdfast's. The answer goes by the id. */
  scopes(id: number): void;
  /** Calls the scope's worker. */
  call(id: number, scope: string, name: string, values: unknown): void;
  collect(): Collected;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** The page may have put anything in the bridge's place, so what it gives is checked before it's believed. */
export function collectedOf(given: unknown): Collected | null {
  if (!isRecord(given) || !Array.isArray(given['answers']) || !Array.isArray(given['events'])) return null;
  return { answers: given['answers'].filter(isAnswer), events: given['events'].filter(isHeardEvent) };
}

function isAnswer(given: unknown): given is BridgeAnswer {
  if (!isRecord(given) || typeof given['id'] !== 'number') return false;
  if (!('error' in given)) return 'value' in given;
  const { error } = given;
  return isRecord(error) && typeof error['name'] === 'string' && typeof error['message'] === 'string';
}

const isHeardEvent = (given: unknown): given is HeardEvent => isRecord(given) && typeof given['scope'] === 'string' && 'event' in given;

export const isScopes = (given: unknown): given is string[] => Array.isArray(given) && given.every((scope) => typeof scope === 'string');
