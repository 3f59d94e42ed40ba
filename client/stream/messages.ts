import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { StreamError } from './errors.js';

/** Characters of one event that are kept while it isn't complete, so that no server can fill the memory. */
const LONGEST_EVENT = 2 ** 24;

/** Waits for the server's next word, for as long as it may be silent. */
export type Listen = <T>(word: Promise<T>) => Promise<T>;

/**
 * The events of one answer, as they come in, until its connection ends in whatever way. An event that
 * isn't complete by then is dropped, as the standard says; a field that's unknown is, too.
 *
 * @param onRetry hears of the server's `retry:`, in milliseconds
 * @throws StreamError for an event that's too long
 */
export async function* messages(
  { body }: Response,
  url: string,
  listen: Listen,
  onRetry: (ms: number) => void,
): AsyncGenerator<EventSourceMessage[], void, undefined> {
  let came: EventSourceMessage[] = [];
  let tooLong: unknown;
  const parser = createParser({
    onEvent: (event) => void came.push(event),
    onRetry,
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') tooLong = error;
    },
    maxBufferSize: LONGEST_EVENT,
  });
  const decoder = new TextDecoder();
  const reader = body!.getReader();
  for (;;) {
    const { value } = await listen(reader.read()).catch(() => ({ value: undefined }));
    if (!value) return;
    parser.feed(decoder.decode(value, { stream: true }));
    if (came.length > 0) yield came;
    came = [];
    if (tooLong) throw new StreamError(url, "it can't be read", 200, tooLong);
  }
}
