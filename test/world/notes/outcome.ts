/** A write, and how often the server has done it in the end. */
export interface Write {
  what: string;
  times: number;
}

/** What became of a situation in one of the apps. */
export interface Outcome {
  writes: readonly Write[];
  /** What was done that nobody has asked for, in words. */
  wrongs: readonly string[];
  /** What the app refused as it was asked to do it. */
  refused: readonly string[];
  /** Whether a person was told that something isn't saved. */
  isTold: boolean;
  /** How many writes the app still has, set aside for a person to mend. */
  setAside: number;
  /** How many writes were sent. Null where the table doesn't say it. */
  requests: number | null;
}

/** What went wrong, in words; empty when all is done once. */
export function faultsOf({ writes, wrongs, refused, isTold, setAside }: Outcome): string[] {
  const undone = writes.filter(({ times }) => times === 0).map(({ what }) => what);
  const lost = undone.filter((what) => !refused.includes(what));
  const list = (words: string, all: readonly string[]) => (all.length > 0 ? [`${words}: ${all.join(', ')}`] : []);
  const isKept = setAside >= lost.length && isTold;
  return [
    ...(isKept ? [] : list(isTold ? 'lost, and told' : 'lost, and nobody is told', lost)),
    ...list('not possible', undone.filter((what) => refused.includes(what))),
    ...list('doubled', writes.filter(({ times }) => times > 1).map(({ what, times }) => (times > 2 ? `${what} (${times} times)` : what))),
    ...wrongs,
  ];
}

/** A cell of the table. */
export function cell(outcome: Outcome): string {
  const { writes, setAside, requests } = outcome;
  const faults = faultsOf(outcome);
  const left = setAside > 0 ? writes.filter(({ times }) => times === 0).map(({ what }) => `${what} is told, and kept to be mended`) : [];
  const sent = requests === null ? [] : [requests === 1 ? '1 request' : `${requests} requests`];
  return [...(faults.length === 0 ? ['✓'] : faults), ...left, ...sent].join('; ');
}

export interface Row {
  name: string;
  cells: readonly string[];
}

/** A table with a column for each title. */
export function table(titles: readonly string[], rows: readonly Row[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [row(['', ...titles]), row(['---', ...titles.map(() => '---')]), ...rows.map(({ name, cells }) => row([name, ...cells]))].join('\n');
}
