import * as stream from '../../../client/stream/open.js';

/** Stands in for the chunk that's loaded with a page's first stream. */
export const loadStream = (): Promise<typeof stream> => Promise.resolve(stream);
