/**
 * Asks the drain to look for what may go out now. Resolves when nothing is due any more; never rejects. Whoever puts an
 * entry into the line, or opens what entries wait for, calls it.
 */
export type Nudge = () => Promise<void>;
