/** Resolves when the registration has an active worker. A worker that can't be installed is an error. */
export async function activated(registration: ServiceWorkerRegistration): Promise<void> {
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  if (!worker || worker.state === 'activated') return;
  await new Promise<void>((resolve, reject) => {
    const look = () => {
      if (worker.state === 'activated') end(resolve);
      if (worker.state === 'redundant')
        end(() => reject(new Error('holdfast: the service worker could not be installed; its console says why')));
    };
    const end = (settle: () => void) => {
      worker.removeEventListener('statechange', look);
      settle();
    };
    worker.addEventListener('statechange', look);
    look();
  });
}
