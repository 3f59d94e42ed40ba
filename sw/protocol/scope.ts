/**
 * A registration's place: it begins the names of the registration's database, channel and locks, so that two apps of one origin
 * share none of them. An app at the root has the plain names. No URL has a space in it, so no name of one place is another's.
 *
 * @param scope the registration's, absolute
 */
export const placeOf = (scope: string): string => {
  const path = scope.replace(/^[^/]*\/\/[^/]*/, '');
  return path === '/' ? '' : `${path} `;
};
