import type { Change, Report } from './types.js';

const REPORTS = 'fieldbook.reports';
const CHANGES = 'fieldbook.changes';

/**
 * What the page knows: the reports as the server gave them last, and the changes that are still under
 * way. Both outlive a reload, as an app that works offline must show something then.
 */
export interface Book {
  reports: Map<string, Report>;
  changes: Map<string, Change>;
  /** Changes whose first try this page is making at the moment. */
  inFlight: Set<string>;
  fetchedAt: number | null;
  /** How many answers the book shows. */
  applied: number;
}

export const book: Book = {
  reports: new Map(stored<Report>(REPORTS).map((report) => [report.id, report])),
  changes: new Map(stored<Change>(CHANGES).map((change) => [change.id, change])),
  inFlight: new Set(),
  fetchedAt: null,
  applied: 0,
};

export function keepBook(): void {
  const settled = [...book.changes.values()].filter((change) => !book.inFlight.has(change.id));
  store(REPORTS, [...book.reports.values()]);
  store(CHANGES, settled);
}

/** Another tab has written: take over what it knows. Gives true when that's the case. */
export function readAgain(event: StorageEvent): boolean {
  if (event.key !== CHANGES && event.key !== REPORTS) return false;
  if (event.key === REPORTS) book.reports = new Map(stored<Report>(REPORTS).map((report) => [report.id, report]));
  else {
    const mine = [...book.changes].filter(([id]) => book.inFlight.has(id));
    book.changes = new Map([...stored<Change>(CHANGES).map((change) => [change.id, change] as const), ...mine]);
  }
  return true;
}

/** The id by which a change names its report: the temporary or the real one. */
export const reportOf = (change: Change): string => (change.kind === 'create' ? change.id : change.reportId);
export const isOf = (change: Change, { id, ref }: Report): boolean => [id, ref].includes(reportOf(change));

/** The server has acted on a change: the book shows what came of it. */
export function applyAnswer(change: Change, answer: Report | null): void {
  book.applied++;
  book.changes.delete(change.id);
  if (change.kind === 'remove') {
    for (const report of book.reports.values()) if (isOf(change, report)) book.reports.delete(report.id);
  } else if (answer) book.reports.set(answer.id, answer);
}

function stored<Item>(place: string): Item[] {
  try {
    return JSON.parse(localStorage.getItem(place) ?? '[]') as Item[];
  } catch {
    return [];
  }
}

function store(place: string, items: unknown[]): void {
  try {
    localStorage.setItem(place, JSON.stringify(items));
  } catch {
    // Full: this page goes on from memory, and only a reload would notice.
  }
}
