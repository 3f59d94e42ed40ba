import { between, oneOf, type Random } from '../../chaos/random.js';
import type { Action, Setup } from '../actions.js';
import type { Page } from '../browser/page.js';
import { streamUrl } from '../feeds.js';
import type { World } from '../world.js';

/** A page reads a stream, until it has had so many events. */
export interface StreamDeed {
  do: 'stream';
  page: number;
  task: string;
  take: number;
}

/** An event takes its page so long at most, in milliseconds. */
const READING_MS = 140;

/** What a page reads. */
export interface ReadStream {
  task: string;
  /** Whether it carries the user's token. */
  hasToken: boolean;
  /** Ends it, as whoever leaves a view does. */
  end(): void;
}

/** One that goes on for ever, and one with a last event. */
const TASKS = ['feed', 'report'];

/** Reads the stream in the page's turns: each event takes the page a moment. */
export async function readStream(world: World, page: Page, { task, take }: Omit<StreamDeed, 'do' | 'page'>): Promise<void> {
  const { agenda, chances, history, setup } = world;
  if (!page.client || page.streams.has(task)) return;
  const over = new AbortController();
  const reading: ReadStream = { task, hasToken: setup.sessions === 'token', end: () => over.abort(new DOMException('left', 'AbortError')) };
  page.streams.set(task, reading);
  history.trace(() => `reads ${task}`);
  let left = take;
  try {
    for await (const { id } of page.client.observe(streamUrl(task), { taskId: task, signal: over.signal })) {
      history.trace(() => `has ${task} ${id}`);
      world.streamed(page, reading, Number(id));
      await agenda.wait(chances.of('reading')() * READING_MS, page);
      world.streamHad(reading, Number(id));
      if (--left <= 0) break;
    }
    history.trace(() => `${task} is over, or left`);
  } catch (error) {
    history.trace(() => `${task} ends: ${String(error)}`);
  } finally {
    page.streams.delete(task);
  }
}

/** What the pages of a run do with streams, between its other deeds. */
export function streamDeeds(random: Random, setup: Setup, end: number): Action[] {
  const actions: Action[] = [];
  const page = () => between(random, 0, setup.pages - 1);
  const read = (at: number, task = oneOf(random, TASKS), index = page()) => actions.push({ do: 'stream', page: index, task, take: oneOf(random, [3, 8, 20, 100]), at });
  read(between(random, 100, 2_000));
  for (let at = between(random, 1_000, 8_000); at < end; at += between(random, 500, 15_000)) {
    const kind = random();
    const task = oneOf(random, TASKS);
    const index = page();
    read(at, task, index);
    // Its progress is being written while its worker is replaced, or dies.
    if (kind < 0.2) actions.push({ do: 'update', at: at + between(random, 5, 400) });
    else if (kind < 0.35) actions.push({ do: 'kill', whose: 'active', afterCalls: between(random, 1, 25), at: at + between(random, 5, 400) });
    else if (kind < 0.5) {
      // Or its page is reloaded.
      const closes = at + between(random, 200, 1_200);
      actions.push({ do: 'close', page: index, at: closes }, { do: 'open', page: index, at: closes + 50 });
      read(closes + 500, task, index);
    } else if (kind < 0.6) {
      actions.push({ do: 'slow', share: 0.1, at }, { do: 'update', at: at + between(random, 5, 400) }, { do: 'slow', share: 0, at: at + 3_000 });
    }
  }
  return actions;
}
