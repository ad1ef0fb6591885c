import type { AuthorEvidence, ProcTexts } from './author.ts';

/** A generation of nf_tables' rules, and who made it. */
export interface Generation {
  readonly generation: number;
  /** Undefined where the kernel named nobody. */
  readonly author: AuthorEvidence | undefined;
}

/** Only our own child writes these lines, but what is in them is others': texts of /proc, escaped. */
const LISTENED = /^gen \d+ \d+(?: [!-~]*)+$/;
const OF_AUTHOR = 6;
const OF_PARENT = 3;

/**
 * A line of the netlink listener: `gen GENERATION PID NAME`, then of the process its number, stat, cmdline, status, cgroup and
 * loginuid, then of each parent its number, stat and cmdline. In a text each byte that is not a printable character is `%` and two
 * digits.
 *
 * @returns undefined for another line
 */
export function generationFrom(line: string): Generation | undefined {
  if (!LISTENED.test(line)) return undefined;
  const [, generation, pid, name = '', ...rest] = line.split(' ');
  const author = Number(pid);
  const [own, stat, cmdline, status, cgroup, loginuid] = rest;
  const found =
    own === undefined
      ? undefined
      : {
          ...textsOf([own, stat, cmdline]),
          status: text(status),
          cgroup: text(cgroup),
          loginuid: text(loginuid),
        };
  const parents: ProcTexts[] = [];
  for (let at = OF_AUTHOR; at < rest.length; at += OF_PARENT)
    parents.push(textsOf(rest.slice(at, at + OF_PARENT)));
  return {
    generation: Number(generation),
    author: author === 0 ? undefined : { pid: author, name: text(name), found, parents },
  };
}

const textsOf = ([pid, stat, cmdline]: readonly (string | undefined)[]): ProcTexts => ({
  pid: Number(pid),
  stat: text(stat),
  cmdline: text(cmdline),
});

const text = (escaped = ''): string =>
  escaped.replaceAll(/%([0-9a-f]{2})/g, (_, byte: string) => String.fromCharCode(Number.parseInt(byte, 16)));

/** The process that a line of `nft monitor` names; its texts are to be read yet. */
export interface MonitoredGeneration {
  readonly generation: number;
  readonly by: { readonly pid: number; readonly name: string } | undefined;
}

/** A line of `nft monitor` that tells of a generation; undefined for another. */
export function monitoredFrom(line: string): MonitoredGeneration | undefined {
  const found = /^# new generation (\d{1,10})(?: by process (\d{1,10}) \((.{0,15})\))?$/.exec(line);
  if (found === null) return undefined;
  const [, generation, pid, name] = found;
  return {
    generation: Number(generation),
    by: pid === undefined || name === undefined ? undefined : { pid: Number(pid), name },
  };
}

/** Inodes of netlink sockets that have joined a group, of /proc/net/netlink. @param protocol - 0 is route, 12 netfilter */
export function joinedSockets(netlink: string, protocol: number): ReadonlySet<string> {
  const rows = netlink.split('\n').map((line) => line.trim().split(/\s+/));
  return new Set(
    rows.flatMap(([, of, , groups = '', , , , , , inode = '']) =>
      of === String(protocol) && /[1-9a-f]/i.test(groups) ? [inode] : [],
    ),
  );
}

/** The tables that a line of the legacy listener says have changed: `changed ipv4:nat ipv6:filter`; undefined for another. */
export function changedTables(line: string): readonly string[] | undefined {
  const found = /^changed((?: ipv[46]:[0-9A-Za-z_-]{1,32}){1,64})$/.exec(line);
  return found?.[1]
    ?.trim()
    .split(' ')
    .map((table) => table.replace(':', ' '));
}
