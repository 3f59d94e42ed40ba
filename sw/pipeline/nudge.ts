/**
 * Asks the drain to look for entries that may go out now. Resolves when nothing is due any more; never rejects. Called by
 * everything that puts an entry into the line, or ends a reason to wait.
 */
export type Nudge = () => Promise<void>;
