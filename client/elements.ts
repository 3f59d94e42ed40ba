/** What `<holdfast-inspector>` and `<holdfast-status>` take in JSX. Attributes with a hyphen (`data-`, `aria-`) are free in JSX. */
export interface HoldfastElementAttributes {
  /** The page's client. Left out: the elements find it. */
  client?: object | null | undefined;
  /** A BCP 47 tag. */
  locale?: string | undefined;
  theme?: 'light' | 'dark' | undefined;
  id?: string | undefined;
  class?: string | undefined;
  className?: string | undefined;
  lang?: string | undefined;
  slot?: string | undefined;
  style?: string | object | undefined;
  hidden?: boolean | undefined;
  // The framework's own.
  key?: string | number | null | undefined;
  ref?: unknown;
  children?: unknown;
}

/** The elements by name, for a framework's `JSX.IntrinsicElements`. */
export interface HoldfastElements {
  'holdfast-inspector': HoldfastElementAttributes;
  'holdfast-status': HoldfastElementAttributes & {
    /** The element isn't seen while nothing waits. */
    quiet?: boolean | undefined;
  };
}
