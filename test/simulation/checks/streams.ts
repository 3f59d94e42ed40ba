import { callName } from '../../../sw/protocol/comlink.js';
import type { Page } from '../browser/page.js';
import type { ReadStream } from '../deeds/streams.js';
import type { World } from '../world.js';

/** A stream whose user has signed out has ended in its page after this, in milliseconds. */
const ENDED_MS = 1_000;

/** Looks at what pages have of their streams. */
export function watchStreams(world: World): void {
  const { agenda, history } = world;
  /** Of the stream without an end: the events that some page has had. */
  const had = new Set<number>();
  const last = new WeakMap<ReadStream, number>();

  /** Each event reaches a page, the next tab's too, and no loop has one twice, or an earlier one later. */
  world.streamed = (page: Page, stream, id) => {
    if (ended.has(stream)) history.violated('a sign-out ends streams', `${page.name} has ${stream.task} ${id} after the sign-out`);
    const before = last.get(stream) ?? 0;
    if (id <= before) history.violated('no event comes twice', `${page.name} has ${stream.task} ${id} after ${before}`);
    last.set(stream, id);
  };
  world.streamHad = (stream, id) => {
    if (stream.task === 'feed') had.add(id);
  };
  world.streamAsked = (page, task, after) => {
    if (task !== 'feed') return;
    for (let id = 1; id <= Number(after ?? 0); id++)
      if (!had.has(id)) return history.violated('no event is passed over', `${page.name} goes on after ${after}, and nobody has had ${id}`);
  };

  /**
   * A sign-out ends the streams that carry the user's token, in the page that asks for it at once: no event comes any more. The loop
   * itself waits until its progress is written, which takes a new worker when the old one has died over it.
   */
  const ended = new WeakSet<ReadStream>();
  /** Who waits for progress to be written, by call. */
  const saving = new Map<string, Page>();
  const { called, posted, replied } = world;
  world.posted = (page, call) => {
    posted(page, call);
    if (callName(call) === 'saveCheckpoint') saving.set(call.id, page);
  };
  world.replied = (page, answer) => {
    replied(page, answer);
    saving.delete(answer.id);
  };
  world.called = (page, call) => {
    called(page, call);
    if (call.name !== 'signOut' && call.name !== 'purge') return;
    for (const stream of page.streams.values())
      if (stream.hasToken) {
        ended.add(stream);
        lookAfter(page, stream);
      }
  };
  const lookAfter = (page: Page, stream: ReadStream) =>
    agenda.in(ENDED_MS, page, () => {
      if (page.streams.get(stream.task) !== stream || world.chances.wasSlow) return;
      if ([...saving.values()].includes(page)) lookAfter(page, stream);
      else history.violated('a sign-out ends streams', `${page.name} still reads ${stream.task}`);
    });
}
