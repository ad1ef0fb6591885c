import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Duplex, Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

const PROGRAM = 'chromium';

/**
 * Why pages cannot be looked at on this machine, as a reason to skip with; undefined when they can.
 * @throws Error under CI=true instead of giving a reason: a page nobody looked at proves nothing
 */
export function browserUnavailable(): string | undefined {
  const { status } = spawnSync(PROGRAM, ['--version', '--no-sandbox'], { stdio: 'ignore' });
  if (status === 0) return undefined;
  const reason = 'needs chromium (Debian: apt-get install chromium)';
  if (process.env['CI'] === 'true') throw new Error(`page tests must run under CI: ${reason}`);
  return reason;
}

/** How a page is looked at. */
export interface View {
  readonly width: number;
  readonly height: number;
  readonly scheme: 'light' | 'dark';
  /** Pixels of the picture for each of the page's; 1 without. */
  readonly scale?: number;
}

/** A page that is open in a view. */
export interface OpenPage {
  /** Whatever the browser complained of so far: console messages, exceptions, requests that failed or were refused. */
  readonly complaints: readonly string[];
  /** Addresses that were asked for. */
  readonly requests: readonly string[];
  /** The value of an expression, in the page. */
  evaluate(expression: string): Promise<unknown>;
  /** How many sheets of paper the page is, printed on A4. */
  sheets(): Promise<number>;
  /** A PNG of the view, or of the whole page. */
  picture(whole?: boolean): Promise<Buffer>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** The DevTools protocol over two pipes: needs no port that others could reach, and no WebSocket. */
class Wire {
  readonly #out: Writable;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #last = 0;
  onEvent: (message: Message) => void = () => undefined;

  constructor(out: Writable, into: Readable) {
    this.#out = out;
    let rest = Buffer.alloc(0);
    into.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(0); end !== -1; end = rest.indexOf(0)) {
        const message = JSON.parse(rest.subarray(0, end).toString()) as Message;
        rest = rest.subarray(end + 1);
        if (message.id === undefined) this.onEvent(message);
        else this.#waiting.get(message.id)?.(message);
      }
    });
  }

  ask(method: string, params: object = {}, sessionId?: string): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => {
        this.#waiting.delete(id);
        if (error === undefined) resolve(result ?? {});
        else reject(new Error(`${method}: ${error.message}`));
      });
      this.#out.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }
}

/** A browser without a window and without a network, gone when `body` ends. */
export async function withBrowser<T>(
  body: (open: (file: string, view: View) => Promise<OpenPage>) => Promise<T>,
): Promise<T> {
  const profile = mkdtempSync(path.join(tmpdir(), 'rulesguard-browser-'));
  const browser = spawn(
    PROGRAM,
    [
      ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
      ...['--disable-background-networking', '--disable-extensions', '--hide-scrollbars'],
      ...['--host-resolver-rules=MAP * ~NOTFOUND', `--user-data-dir=${profile}`, '--remote-debugging-pipe'],
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true },
  );
  const ended = new Promise<void>((resolve) =>
    browser.once('close', () => {
      resolve();
    }),
  );
  const wire = new Wire(browser.stdio[3] as Duplex, browser.stdio[4] as Duplex);
  try {
    return await body((file, view) => openPage(wire, file, view));
  } finally {
    // The whole group: the browser's own children are many.
    if (browser.pid !== undefined) process.kill(-browser.pid, 'SIGKILL');
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function openPage(wire: Wire, file: string, view: View): Promise<OpenPage> {
  const { targetId } = await wire.ask('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await wire.ask('Target.attachToTarget', { targetId, flatten: true });
  const ask = (method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> =>
    wire.ask(method, params, sessionId as string);
  const complaints: string[] = [];
  const requests: string[] = [];
  const loaded = new Promise<void>((resolve) => {
    wire.onEvent = ({ method = '', params = {} }) => {
      if (method === 'Page.loadEventFired') resolve();
      if (method === 'Network.requestWillBeSent') requests.push((params['request'] as { url: string }).url);
      if (
        /^(Log\.entryAdded|Runtime\.(consoleAPICalled|exceptionThrown)|Network\.loadingFailed)$/.test(method)
      )
        complaints.push(JSON.stringify(params));
    };
  });
  for (const domain of ['Page', 'Log', 'Runtime', 'Network']) await ask(`${domain}.enable`);
  const { width, height, scheme, scale = 1 } = view;
  await ask('Emulation.setDeviceMetricsOverride', {
    width,
    height,
    deviceScaleFactor: scale,
    mobile: width < 600,
  });
  await ask('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
  await ask('Page.navigate', { url: pathToFileURL(file).href });
  await loaded;
  return {
    complaints,
    requests,
    evaluate: async (expression) => {
      const { result } = await ask('Runtime.evaluate', { expression, returnByValue: true });
      return (result as { value: unknown }).value;
    },
    sheets: async () => {
      const { data } = await ask('Page.printToPDF', { paperWidth: 8.27, paperHeight: 11.69 });
      const pdf = Buffer.from(data as string, 'base64').toString('latin1');
      return (pdf.match(/\/Type\s*\/Page\b(?!s)/g) ?? []).length;
    },
    picture: async (whole = false) => {
      const { data } = await ask('Page.captureScreenshot', {
        format: 'png',
        captureBeyondViewport: whole,
        ...(whole && { clip: await wholePage(ask) }),
      });
      return Buffer.from(data as string, 'base64');
    },
  };
}

async function wholePage(
  ask: (method: string) => Promise<Readonly<Record<string, unknown>>>,
): Promise<object> {
  const { cssContentSize } = await ask('Page.getLayoutMetrics');
  return { ...(cssContentSize as object), scale: 1 };
}
