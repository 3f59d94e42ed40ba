import { io, type Socket } from 'socket.io-client';

let socket: Socket;

export const prepare = (): Promise<void> =>
  new Promise((resolve) => {
    socket = io({ path: '/api/socket.io', transports: ['polling'], reconnectionDelay: 20, reconnectionDelayMax: 50, retries: 30, ackTimeout: 10_000 });
    socket.once('connect', resolve);
  });

/** A packet that the library sends until the server has confirmed it. */
export const write = (): Promise<unknown> => new Promise((resolve, reject) => void socket.emit('note', 'a note', (error: Error | null, answer: unknown) => (error ? reject(error) : resolve(answer))));

export const signedIn = (): boolean => socket.connected;
