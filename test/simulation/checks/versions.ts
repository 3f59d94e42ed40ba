import type { World } from '../world.js';

/** A browser runs one worker of each version of a script at a time: a second one would be the simulation's own fault. */
export function watchVersions(world: World): void {
  const { browser, history } = world;
  const started = world.started;
  world.started = (worker) => {
    started(worker);
    const other = browser.workers.find(({ isAlive, version, name }) => isAlive && version === worker.version && name !== worker.name);
    if (other) history.violated('a version has one worker', `${worker.name} starts beside ${other.name}, of version ${worker.version}`);
  };
}
