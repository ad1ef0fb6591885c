import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../lab/engine.ts';

/** A client on the outside that sends a datagram every tenth of a second, always from the same port: one flow. */
export interface Talker {
  /** Waits for so many more answers. */
  answers(more: number): Promise<void>;
  /** Ends it. @returns whom the server saw, for each datagram that was answered within a second */
  stop(): Promise<readonly string[]>;
}

const TALK =
  'until test -e "$1.end"; do perl /lab/echo.pl ask udp "$2" "$3" 1 "$4" >>"$1" || true; sleep 0.1; done';

/** Lets the outside client of `engine` talk to a published UDP port, until `stop`. */
export function keepAsking(
  engine: Engine,
  { host, port, fromPort }: { readonly host: string; readonly port: number; readonly fromPort: number },
): Talker {
  const shared = path.dirname(engine.dockerHost.slice('unix://'.length));
  const name = `talk-${String(fromPort)}`;
  const file = path.join(shared, name);
  writeFileSync(file, '');
  const words = ['-c', TALK, 'sh', `/lab/${name}`, host, String(port), String(fromPort)];
  const talking = engine.client.execInside('sh', words, { timeout: 120_000 });
  // Told when it is stopped, not as a failure of whatever is awaited at that moment.
  talking.catch(() => undefined);
  const heard = () => readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return {
    async answers(more) {
      const wanted = heard().length + more;
      for (let tries = 0; heard().length < wanted; tries++) {
        if (tries > 600) throw new Error(`${String(wanted)} answers were not heard: ${heard().join(' ')}`);
        await sleep(50);
      }
    },
    async stop() {
      writeFileSync(`${file}.end`, '');
      const { code, stderr } = await talking;
      if (code !== 0) throw new Error(`the talker ended with ${String(code)}: ${stderr}`);
      return heard();
    },
  };
}
