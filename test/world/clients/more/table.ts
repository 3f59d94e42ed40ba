import type { Row } from '../row.js';

/** Libraries whose packages are installed by `npm run test:clients` alone. */
export const MORE: Row[] = [];
