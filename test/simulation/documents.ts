import type { DocumentWrite } from './deeds/documents.js';

type Fields = Record<string, unknown>;

/** A version of a document. */
export interface Version {
  /** The write that has made it, and whose that was; null for the person who's elsewhere, and for the first one. */
  op: number | null;
  user: string | null;
  fields: Fields;
}

/** What a write has done to a document. */
export interface DocumentChange {
  path: string;
  op: number;
  /** The `If-Match` that it came with. */
  condition: string | null;
  /** The number of the version that it met. */
  met: number;
  written: Fields;
}

/** A write as its request says it. */
interface Asked {
  op: number;
  user: string | null;
  method: string;
  condition: string | null;
  body: string;
}

/** The documents of the simulated server, each with all its versions. */
export class Documents {
  readonly changes: DocumentChange[] = [];
  /** By write: how often it met another version than it was made for. */
  readonly conflicts = new Map<number, number>();
  /** By path: how often another person is still to come first, once so many writes have come. */
  readonly rivals = new Map<string, { after: number; times: number }>();
  #versions = new Map<string, Version[]>();
  #others = 0;

  versions(path: string): Version[] {
    const known = this.#versions.get(path) ?? [{ op: null, user: null, fields: { by: 0 } }];
    this.#versions.set(path, known);
    return known;
  }

  /** The `ETag` of its newest version. */
  tag(path: string): string {
    return tagOf(path, this.versions(path).length - 1);
  }

  /** Another person changes a document. */
  rewrite(path: string): void {
    const versions = this.versions(path);
    versions.push({ op: null, user: null, fields: { ...versions.at(-1)!.fields, theirs: ++this.#others } });
  }

  /** Gives null when the write is done, else the status that refuses it. */
  write(path: string, { op, user, method, condition, body }: Asked, { demandsCondition, conflictStatus }: { demandsCondition: boolean; conflictStatus: number }): number | null {
    const rival = this.rivals.get(path);
    if (rival && rival.after-- <= 0 && rival.times-- > 0) this.rewrite(path);
    const isUnconditional = condition === null || condition === '*';
    const refusal = condition === null && demandsCondition ? 428 : isUnconditional || condition === this.tag(path) ? null : conflictStatus;
    if (refusal !== null) this.conflicts.set(op, (this.conflicts.get(op) ?? 0) + 1);
    if (refusal !== null) return refusal;
    const written = JSON.parse(body) as Fields;
    const versions = this.versions(path);
    this.changes.push({ path, op, condition, met: versions.length - 1, written });
    versions.push({ op, user, fields: method === 'PATCH' ? { ...versions.at(-1)!.fields, ...written } : written });
    return null;
  }
}

export const pathOf = (backend: string, { name }: Pick<DocumentWrite, 'name'>): string => `/${backend}/documents/${name}`;

const tagOf = (path: string, version: number): string => `"${path.slice(1).replaceAll('/', '-')}-${version}"`;

/** The number of the version that an `ETag` names; null for none. */
export const versionOf = (tag: string | null | undefined): number | null => (tag ? Number(/-(\d+)"$/.exec(tag)?.[1] ?? NaN) : null);
