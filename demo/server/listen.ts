import { connect, type AddressInfo } from 'node:net';
import type { Server } from 'node:http';

/** How many ports after the wished one are tried before any free one will do. */
const NEIGHBOURS = 10;

/** Listens on the first free port from `wished` on, and gives it. */
export async function listen(server: Server, wished: number): Promise<number> {
  if (wished === 0) return bind(server, 0);
  for (let port = wished; port < wished + NEIGHBOURS; port++) {
    // Browsers try `localhost` as ::1 first: whoever sits there would get our visitors.
    if (await answers('::1', port)) continue;
    try {
      return await bind(server, port);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
  return bind(server, 0);
}

function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (found: boolean) => {
      socket.destroy();
      resolve(found);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.setTimeout(300, () => end(false));
  });
}
