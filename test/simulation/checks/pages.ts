import type { World } from '../world.js';

/** Looks at what the pages hear. */
export function watchPages(world: World): void {
  const { history } = world;
  world.heard = ({ op, heard }) => {
    if (!heard) return;
    // "Stored" is said of what's on disk, or was.
    if (heard.kind === 'queued' && !history.stored.has(op.id)) history.violated('202 only when on disk', 'the page heard 202, and nothing was stored', op.id);
    // Whoever hears of a success hears of its own.
    if (heard.kind === 'answer' && heard.status === 201 && heard.op !== op.id) history.violated('own answer', `the page heard of op ${heard.op}`, op.id);
  };
}
