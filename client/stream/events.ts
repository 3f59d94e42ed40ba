/** One server-sent event. */
export interface StreamEvent<Data = string> {
  /** The event's own id; null when it carries none. */
  id: string | null;
  /** Its type. 'message' where the server gives none. */
  event: string;
  /** Its lines as one text, or what the option `parse` made of that. */
  data: Data;
}

/** How a stream stands, for whoever shows it. */
export type StreamState =
  /** Connected; the server was asked to go on after this id. Null: from the start. */
  | { state: 'open'; lastEventId: string | null }
  /** Cut off, or refused for now: it's tried again in `delayMs`, or once the browser is online and that's over. */
  | { state: 'waiting'; delayMs: number; /** 1, 2, 3 … since the last event. */ attempt: number; status: number | null };
