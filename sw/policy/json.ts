/** A value read from outside, as a record: an empty record for anything that isn't an object. */
export const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** A value as a list: an array is returned as it is, any other value as the only element. */
export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);
