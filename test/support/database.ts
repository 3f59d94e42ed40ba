import { browserClock } from '../../sw/platform/browser.js';
import { connect, type Connection, type ConnectionOptions } from '../../sw/store/connection.js';

/** A database of its own, and no limit on anything. */
export const opened = (name: string, makeRoom: ConnectionOptions['makeRoom'] = async () => {}): Connection =>
  connect({ name, clock: browserClock, makeRoom });
