import { callOf, valueOf, type Page, type Told } from './page.js';

/** The least that's needed of https://www.w3.org/TR/webdriver2/. */
export class Session {
  readonly #url: string;
  /** A session has one window at a time that it speaks to, so commands go one after another. */
  #last: Promise<unknown> = Promise.resolve();
  #current: string | null = null;

  private constructor(url: string) {
    this.#url = url;
  }

  /**
   * Starts a browser of its own, with nothing on disk.
   * @param driver where WebKitWebDriver listens
   */
  static async start(driver: string, browser: string): Promise<Session> {
    const alwaysMatch = {
      browserName: 'MiniBrowser',
      'webkitgtk:browserOptions': { binary: browser, args: ['--automation'] },
      timeouts: { script: 30_000, pageLoad: 30_000 },
    };
    const { sessionId } = (await command('POST', `${driver}/session`, { capabilities: { alwaysMatch } })) as { sessionId: string };
    return new Session(`${driver}/session/${sessionId}`);
  }

  /** The window that the browser has opened by itself. */
  async firstPage(): Promise<WebDriverPage> {
    return new WebDriverPage(this, (await this.#send('GET', 'window')) as string);
  }

  async newTab(): Promise<WebDriverPage> {
    const { handle } = (await this.#send('POST', 'window/new', { type: 'tab' })) as { handle: string };
    return new WebDriverPage(this, handle);
  }

  /** Sends a command that is about one window. */
  sendTo(window: string, method: string, path: string, body?: object): Promise<unknown> {
    const answer = this.#last.then(async () => {
      if (this.#current !== window) await this.#send('POST', 'window', { handle: window });
      this.#current = window;
      return this.#send(method, path, body);
    });
    this.#last = answer.catch(() => {});
    return answer;
  }

  /** Ends the browser. */
  async close(): Promise<void> {
    await this.#last;
    await command('DELETE', this.#url);
  }

  #send(method: string, path: string, body?: object): Promise<unknown> {
    return command(method, `${this.#url}/${path}`, body);
  }
}

/** A tab or a window. */
export class WebDriverPage implements Page {
  readonly #session: Session;
  readonly #window: string;

  constructor(session: Session, window: string) {
    this.#session = session;
    this.#window = window;
  }

  async goto(url: string): Promise<void> {
    await this.#send('POST', 'url', { url });
  }

  async reload(): Promise<void> {
    await this.#send('POST', 'refresh', {});
  }

  async evaluate<Args extends unknown[], T>(work: (...args: Args) => T | Promise<T>, ...args: Args): Promise<T> {
    const script = `${callOf(work, args)}.then(arguments[0])`;
    return valueOf((await this.#send('POST', 'execute/async', { script, args: [] })) as Told) as T;
  }

  #send(method: string, path: string, body?: object): Promise<unknown> {
    return this.#session.sendTo(this.#window, method, path, body);
  }
}

/** @throws Error with the driver's own words */
async function command(method: string, url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, { method, ...(body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }) });
  const { value } = (await response.json()) as { value: unknown };
  if (response.ok) return value;
  const { error, message } = value as { error: string; message: string };
  throw new Error(`${method} ${new URL(url).pathname}: ${error} ${message}`);
}
