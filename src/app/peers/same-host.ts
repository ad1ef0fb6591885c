import { wiresOf } from '../../doctor/peers/door.ts';
import type { PeerHost } from '../../doctor/peers/peer.ts';
import { Fault } from '../../fault.ts';

/** Facts of a host, and where they came from: a file, `ssh://host-b`, `this host`. */
interface SourcedHost {
  readonly source: string;
  readonly peer: PeerHost;
}

/** Bridges of Docker's, by name too: where an Engine listed nothing they are told apart from others by nothing else. */
const DOCKERS = /^(?:docker0|br-[0-9a-f]{12})$/;

/**
 * What tells a host from all others: its name, and each address with the hardware it is on. Machines that were copied share a name, and often the
 * addresses of a bridge within, but not those by which they are reached.
 *
 * @returns undefined where its interfaces were not read
 */
function identityOf({ about, facts }: PeerHost): string | undefined {
  const addresses = wiresOf(facts).flatMap(({ name, mac, addresses: own }) =>
    DOCKERS.test(name)
      ? []
      : own.flatMap(({ address, scope }) => (scope === 'global' ? [`${mac} ${address}`] : [])),
  );
  return addresses.length === 0 ? undefined : [about.host, ...addresses.sort()].join('\n');
}

/** The first two that are of one host. */
function copyIn(hosts: readonly SourcedHost[]): readonly [SourcedHost, SourcedHost] | undefined {
  const known = new Map<string, SourcedHost>();
  for (const host of hosts) {
    const identity = identityOf(host.peer);
    const before = identity === undefined ? undefined : known.get(identity);
    if (before !== undefined) return [before, host];
    if (identity !== undefined) known.set(identity, host);
  }
  return undefined;
}

/**
 * Refuses to follow packets from a host to itself as if it were another.
 *
 * @throws Fault RG_USAGE
 */
export function refuseOneHost(asking: SourcedHost, asked: SourcedHost): void {
  if (copyIn([asking, asked]) === undefined) return;
  const { host } = asking.peer.about;
  throw new Fault('RG_USAGE', 2, `${asking.source} and ${asked.source} are both facts of ${host}`, {
    hint: `Give the facts of the other host as --peer. Within ${host}: rulesguard doctor CONTAINER --to ADDRESS:PORT, there.`,
  });
}

/**
 * Refuses a fleet in which one host is twice: it would be told not to reach itself.
 *
 * @throws Fault RG_USAGE that names the older of both
 */
export function refuseCopies(hosts: readonly SourcedHost[]): void {
  const found = copyIn(hosts);
  if (found === undefined) return;
  const [one, other] = found;
  const times = found.map(({ peer }) => Date.parse(peer.about.time));
  const isSameTime = times[0] === times[1];
  const older = (times[0] ?? 0) < (times[1] ?? 0) ? one : other;
  throw new Fault(
    'RG_USAGE',
    2,
    `${one.source} and ${other.source} are both facts of ${one.peer.about.host}`,
    {
      hint: isSameTime
        ? 'They are of one time: leave one of them out, and give each host once.'
        : `Leave out ${older.source}, the older (${older.peer.about.time}): each host is given once.`,
    },
  );
}
