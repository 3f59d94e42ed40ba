/** Remembers the last `size` ids. Gives a function that notes one, and says whether it's new. */
export function idRing(size: number): (id: string) => boolean {
  // A Set goes by the order of insertion, so its first one is the oldest.
  const ids = new Set<string>();
  return (id) => {
    if (ids.has(id)) return false;
    ids.add(id);
    if (ids.size > size) ids.delete(ids.values().next().value!);
    return true;
  };
}
