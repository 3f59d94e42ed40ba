import { browserClock } from '../../sw/platform/browser.js';
import { openConnection, type Connection, type ConnectionOptions } from '../../sw/store/connection.js';

/** A database of its own, and no limit on anything. */
export const opened = (name: string, makeRoom: ConnectionOptions['makeRoom'] = async () => {}): Connection =>
  openConnection({ name, clock: browserClock, makeRoom });
