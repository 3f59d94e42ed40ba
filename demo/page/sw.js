// All that an app needs of Holdfast in its worker. The ladder is short, as nobody wants to wait in a demo.
importScripts('/holdfast-sw.js');
holdfast.install({
  backends: [
    {
      baseUrl: '/api',
      retry: {
        maxRetries: 8,
        answered: { baseMs: 1_000, capMs: 8_000 },
        unreachable: { baseMs: 1_000, capMs: 8_000 },
      },
    },
  ],
  takeOver: true,
});
