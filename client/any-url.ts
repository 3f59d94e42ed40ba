/** A `URL`, or a `TrustedScriptURL`, of which TypeScript's own library has no type. */
export type AnyUrl = Pick<URL, 'toString' | 'toJSON'>;
