import type { Engine } from '../lab/engine.ts';
import { must } from '../lab/run.ts';
import type { Family } from '../netns.ts';
import { FAMILIES, toolOf } from './rules.ts';

/** Where one table's Docker rules are, so that others can be put before, between and after them. */
export interface Places {
  /** Position in the middle of FORWARD, and of nat's POSTROUTING. */
  readonly forward: number;
  readonly postrouting: number;
}

/** What ufw leaves in the filter table: own chains, reached from the end of the built-in ones. */
const ufw = (prefix: string) => [
  `:${prefix}-before-forward - [0:0]`,
  `:${prefix}-after-logging-forward - [0:0]`,
  `:${prefix}-user-input - [0:0]`,
  `-A ${prefix}-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
  `-A ${prefix}-after-logging-forward -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW BLOCK] "`,
  `-A ${prefix}-user-input -p tcp -m tcp --dport 22 -j ACCEPT`,
  `-A INPUT -j ${prefix}-user-input`,
  `-A FORWARD -j ${prefix}-before-forward`,
  `-A FORWARD -j ${prefix}-after-logging-forward`,
];

/** fail2ban inserts its jump at the top. */
const fail2ban = (banned: string, reject: string) => [
  ':f2b-sshd - [0:0]',
  `-A f2b-sshd -s ${banned} -j REJECT --reject-with ${reject}`,
  '-A f2b-sshd -j RETURN',
  '-I INPUT -p tcp -m multiport --dports 22 -j f2b-sshd',
];

/** libvirt inserts its jumps at the top of FORWARD; before 5.1 its rules stood there themselves, shaped as Docker's. */
const LIBVIRT = [
  ':LIBVIRT_FWI - [0:0]',
  ':LIBVIRT_FWO - [0:0]',
  '-A LIBVIRT_FWO -i virbr0 -j ACCEPT',
  '-A LIBVIRT_FWI -o virbr0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  '-A LIBVIRT_FWI -o virbr0 -j REJECT',
  '-I FORWARD -j LIBVIRT_FWI',
  '-I FORWARD -j LIBVIRT_FWO',
];
const OLD_LIBVIRT = ['-A FORWARD -i virbr1 -o virbr1 -j ACCEPT'];

/** A user's own, in the words of shell histories; the comment holds bytes that are no UTF-8. */
const user = (inside: string, { forward }: Places) => [
  '-I FORWARD -i wg0 -o eth0 -j ACCEPT',
  `-I FORWARD ${String(forward)} -s ${inside} -i wg0 -m comment --comment "caf\xe9 \\"wg\\": \\\\home" -j ACCEPT`,
  '-A FORWARD -i wg0 -j DROP',
];

const nat = (inside: string, { postrouting }: Places) => [
  `-I POSTROUTING -s ${inside} ! -o wg0 -j MASQUERADE`,
  `-I POSTROUTING ${String(postrouting)} -s ${inside} -o tun0 -j RETURN`,
  `-A POSTROUTING -s ${inside} -o eth0 -j MASQUERADE`,
  '-I PREROUTING -i eth0 -p tcp -m tcp --dport 2222 -j REDIRECT --to-ports 22',
  '-A PREROUTING -i wg0 -p tcp -m tcp --dport 8081 -j REDIRECT --to-ports 81',
];

const dockerUser = (banned: string) => [
  `-I DOCKER-USER -s ${banned} -i eth0 -j DROP`,
  '-I DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 3306 -m comment --comment "no database" -j DROP',
];

const table = (name: string, lines: readonly string[]) => [`*${name}`, ...lines, 'COMMIT', ''].join('\n');

const FACTS = {
  ipv4: { banned: '203.0.113.66/32', reject: 'icmp-port-unreachable', inside: '10.8.0.0/24' },
  ipv6: { banned: '2001:db8:bad::/64', reject: 'icmp6-port-unreachable', inside: 'fd00:8::/64' },
} as const;

async function count(engine: Engine, family: Family, tableName: string, chain: string): Promise<number> {
  const listing = await must(engine.execInside, toolOf(family), ['-t', tableName, '-S', chain]);
  return listing.split('\n').filter((line) => line.startsWith('-A ')).length;
}

/** The rules of others, as restore input for `--noflush`. */
function neighbours(family: Family, places: Places, hasDockerUser: boolean): string {
  const { banned, reject, inside } = FACTS[family];
  const filter = [
    // A rule between Docker's must find them where they were counted, so the user's come first.
    ...user(inside, places),
    ...ufw(family === 'ipv4' ? 'ufw' : 'ufw6'),
    ...fail2ban(banned, reject),
    ...LIBVIRT,
    ...OLD_LIBVIRT,
    ...(hasDockerUser ? dockerUser(banned) : []),
  ];
  return table('filter', filter) + table('nat', nat(inside, places));
}

/**
 * Puts the rules of ufw, fail2ban, libvirt and a user before, between and after Docker's, in both families.
 * @param families those in which the Engine writes rules; the others get none
 */
export async function settleNeighbours(engine: Engine, families = FAMILIES): Promise<void> {
  for (const family of families) {
    const chains = await must(engine.execInside, toolOf(family), ['-S']);
    const places = {
      // One further on: the user's first rule is inserted above Docker's before this position is used.
      forward: Math.ceil((await count(engine, family, 'filter', 'FORWARD')) / 2) + 2,
      postrouting: Math.ceil((await count(engine, family, 'nat', 'POSTROUTING')) / 2) + 2,
    };
    const input = neighbours(family, places, chains.includes('-N DOCKER-USER\n'));
    await must(engine.execInside, toolOf(family, '-restore'), ['--noflush'], { input });
  }
}
