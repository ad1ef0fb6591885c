import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Engine } from '../lab/engine.ts';
import { must } from '../lab/run.ts';

/** The process ids that something is true of. */
export function processes(holds: (folder: string) => boolean): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return holds(`/proc/${name}`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** All that a probe must leave as it was: rules, interfaces with their promiscuity, settings of the network. */
export async function stateOf(engine: Engine): Promise<string> {
  const saved = await must(engine.execInside, 'iptables-save');
  const links = await must(engine.exec, 'ip', ['-d', '-o', 'address', 'show']);
  const settings = await must(engine.exec, 'sh', [
    '-c',
    "sysctl -a --pattern '^net' 2>/dev/null | grep -v conntrack_count",
  ]);
  return [
    saved.replaceAll(/^#.*$|\[\d+:\d+\]/gm, ''),
    links.replaceAll(/\d+sec|tentative /g, ''),
    settings,
  ].join('\n');
}

/** The command lines of the processes in a town's network namespaces, sorted. */
export function inhabitantsOf(
  engine: Engine,
  town: Readonly<Record<string, { readonly netns: string }>>,
): readonly string[] {
  const all = [engine.netns, ...Object.values(town).map(({ netns }) => netns)];
  const spaces = all.map((one) => readlinkSync(one));
  return processes((folder) => spaces.includes(readlinkSync(`${folder}/ns/net`)))
    .map(commandLine)
    .filter((line) => line !== '')
    .sort();
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'latin1')
      .replaceAll('\0', ' ')
      .trim();
  } catch {
    // It has ended since.
    return '';
  }
}
