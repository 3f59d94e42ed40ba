/** A page that runs code: what goes in and out is JSON. */
export interface Page {
  /** Runs a function there, which can use nothing but its arguments and the page's globals, and waits for its promise. */
  evaluate<Args extends unknown[], T>(work: (...args: Args) => T | Promise<T>, ...args: Args): Promise<T>;
}

/** What a page tells of a piece of code. */
export type Told = { value?: unknown } | { error: string };

/** The source of an expression that calls the function, and gives a promise of what is told of it. */
export const callOf = (work: (...args: never[]) => unknown, args: readonly unknown[]): string =>
  `(async () => (${work.toString()})(...${JSON.stringify(args)}))().then((value) => ({ value }), (error) => ({ error: String(error) }))`;

/** @throws Error for what the code has thrown */
export function valueOf(told: Told): unknown {
  if ('error' in told) throw new Error(told.error);
  return told.value;
}
