import { printable } from '../../printable.ts';
import type { Source, Told } from '../../watch/seen.ts';
import { COMMAND_ENV } from '../command/command.ts';
import { installHint } from '../command/install-hint.ts';
import { which } from '../command/which.ts';
import { leashed } from './leash.ts';
import { supervise } from './supervise.ts';

/** Netlink's protocol of links, addresses and routes. */
const ROUTE = 0;
/** Characters that are kept of a line. */
const MOST = 500;

/** Tells of changes to links, addresses and routes of this network namespace, one line of `ip -oneline monitor` each. */
export function watchNetwork(told: Told): Source {
  return supervise(told, {
    source: 'network',
    ways: async () => {
      const ip = await which('ip', COMMAND_ENV.PATH);
      if (ip === undefined)
        return `ip is not installed, so links and routes are not watched. ${installHint('ip')}`;
      return [
        {
          program: 'ip monitor',
          words: await leashed([ip, '-oneline', 'monitor', 'link', 'address', 'route']),
          says: 'ip monitor: links, addresses and routes',
          joins: ROUTE,
          line: (line) => {
            if (line.trim() !== '')
              told.seen({ kind: 'network', line: printable(line.slice(0, MOST).trim()) });
          },
        },
      ];
    },
  });
}
