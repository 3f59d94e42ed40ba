import { SimulatedBlob } from './blob.js';

/** What every token of the simulated app has in it. */
export const TOKEN_MARK = 's3cr3t';

/** About how many bytes a value takes; none where there's none. */
export function sizeOf(value: unknown): number {
  if (value instanceof ArrayBuffer) return value.byteLength;
  if (value instanceof SimulatedBlob) return value.content.byteLength;
  if (value === undefined) return 0;
  if (typeof value !== 'object' || value === null) return `${value as string | number | boolean | null}`.length;
  return Object.entries(value).reduce((bytes, [name, part]) => bytes + name.length + sizeOf(part), 0);
}

/** Copies a value as a structured clone does, as far as plain data goes, and shows each text in it. */
export function copy<T>(value: T, show?: (text: string) => void): T {
  if (typeof value === 'string') {
    show?.(value);
    return value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one: unknown) => copy(one, show)) as T;
  if (value instanceof ArrayBuffer) {
    show?.(new TextDecoder().decode(value));
    return value.slice(0) as T;
  }
  // A Blob's bytes can't be changed.
  if (value instanceof SimulatedBlob) {
    show?.(new TextDecoder().decode(value.content));
    return value;
  }
  const made: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    if (show && name.includes(TOKEN_MARK)) show(name);
    made[name] = copy((value as Record<string, unknown>)[name], show);
  }
  return made as T;
}
