import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startVitest } from 'vitest/node';
import { countsOf, type Counts } from '../support/counts.js';
import { kill } from './processes.js';
import { startDisplay, startDriver } from './start.js';

/** Where the programs are. */
export interface Programs {
  driver: string;
  browser: string;
  display: string;
}

/** What the tests must know of all that runs around them. */
export interface Stage {
  /** Where WebKitWebDriver listens. */
  driver: string;
  /** The path of MiniBrowser. */
  browser: string;
  /** Its environment. */
  env: Record<string, string>;
  /** A folder for what browsers leave, which goes at the end. */
  home: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    stage: Stage;
  }
}

/** @param names runs the tests whose names have this in them */
export async function main({ driver, browser, display }: Programs, names?: string): Promise<Counts> {
  const home = await mkdtemp(join(tmpdir(), 'holdfast-webkit-'));
  // Also when the run is broken off.
  process.once('exit', () => rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  const screen = await startDisplay(display);
  const env = {
    DISPLAY: screen.name,
    GDK_BACKEND: 'x11',
    // What is the user's own isn't touched.
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_CONFIG_HOME: join(home, 'config'),
    // There's no accessibility bus to wait for.
    NO_AT_BRIDGE: '1',
  };
  const running = await startDriver(driver, env);
  try {
    const stage: Stage = { driver: running.url, browser, env, home };
    const vitest = await startVitest('test', [], {
      config: join(import.meta.dirname, 'vitest.config.ts'),
      watch: false,
      provide: { stage },
      ...(names !== undefined && { testNamePattern: names }),
    });
    const counts = countsOf(vitest.state.getTestModules(), vitest.state.getUnhandledErrors() as Error[]);
    await vitest.close();
    return counts;
  } finally {
    await kill(running.process);
    await kill(screen.process);
  }
}
