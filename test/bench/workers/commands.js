/** What the workers of the bench that aren't Holdfast's have in common. */

export function takeOver() {
  addEventListener('install', () => void self.skipWaiting());
  addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
}

/** Answers `{ command, … }` through the port that comes with it. */
export function answerCommands(commands) {
  addEventListener('message', (event) => {
    const { command, ...given } = event.data;
    const [port] = event.ports;
    const done = Promise.resolve(commands[command](given)).then(
      (value) => port.postMessage({ value }),
      (error) => port.postMessage({ error: String(error?.stack ?? error) }),
    );
    event.waitUntil(done);
  });
}
