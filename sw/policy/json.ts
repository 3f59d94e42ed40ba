/** A value read from outside, as a record; one without fields where it's none. */
export const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** A value as a list: itself where it's one, else the only element. */
export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);
