import { must } from '../lab/run.ts';
import type { Variant, Family } from '../netns.ts';
import { FAMILIES, toolOf } from './rules.ts';
import type { Town } from './town.ts';

/** Something people do to a Docker host, in both families. */
export interface Damage {
  /** What was typed. */
  readonly name: string;
  run(town: Town): Promise<void>;
}

const typed = (name: string, commands: readonly string[], families = FAMILIES): Damage => ({
  name,
  async run({ engine }) {
    for (const family of families)
      for (const command of commands) await must(engine.execInside, toolOf(family), command.split(' '));
  },
});

async function load({ engine }: Town, family: Family, input: string): Promise<void> {
  await must(engine.execInside, toolOf(family, '-restore'), [], { input });
}

/**
 * The file a firewall loads at boot: every rule of the neighbours, none of Docker's.
 * @param dockerUser whether it knows what the user keeps in DOCKER-USER, or is of before Docker came
 */
export function fileWithoutDocker(
  { golden, dockers }: Town,
  family: Family,
  dockerUser: 'with DOCKER-USER' | 'of before Docker' = 'of before Docker',
): string {
  const theirs = dockers.filter((line) => line.family === family);
  let table = '';
  const kept = golden[family].split('\n').filter((line) => {
    if (line.startsWith('*')) table = line.slice(1);
    const text = line.replace(/^\[\d+:\d+\] /, '').replace(/^(:\S+ \S+) .*/, '$1');
    const builtin = /^:\S+ (ACCEPT|DROP)$/.test(text);
    if (builtin) return true;
    if (/^(:|-A )DOCKER-USER (?!-j RETURN)/.test(text)) return dockerUser === 'with DOCKER-USER';
    return !theirs.some((one) => one.table === table && one.text === text);
  });
  return kept.map((line) => line.replace(/^\[\d+:\d+\] /, '')).join('\n');
}

/** What a stranger's installer brings along: it knows of no container, and opens what it does not know. */
const STRANGERS = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:web - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -j web
-A web -p tcp -m tcp --dport 443 -j ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -o tun0 -j MASQUERADE
COMMIT
`;

const restoreOwnFile: Damage = {
  name: 'iptables-restore < rules.v4 of before Docker',
  async run(town) {
    for (const family of FAMILIES) await load(town, family, fileWithoutDocker(town, family));
  },
};

const restoreStrangers: Damage = {
  name: "iptables-restore < a stranger's file",
  async run(town) {
    for (const family of FAMILIES) await load(town, family, STRANGERS);
  },
};

/** What a script of before IPv6 leaves behind: one family without a trace of Docker, the other whole. */
export const ONLY_IPV4 = typed(
  'everything of IPv4 alone was flushed',
  ['-F', '-X', '-t nat -F', '-t nat -X', '-t raw -F'],
  ['ipv4'],
);

export const FLUSH_RULESET: Damage = {
  name: 'nft flush ruleset',
  async run({ engine }) {
    await must(engine.execInside, 'nft', ['flush', 'ruleset']);
  },
};

/** Every damage of the design, mildest first. */
export function damagesOf(variant: Variant): readonly Damage[] {
  return [
    typed('iptables -t nat -F POSTROUTING', ['-t nat -F POSTROUTING']),
    typed('iptables -t nat -F', ['-t nat -F']),
    typed('iptables -F', ['-F']),
    typed('iptables -F; iptables -X', ['-F', '-X']),
    typed('iptables -F; -X; -t nat -F; -t nat -X', ['-F', '-X', '-t nat -F', '-t nat -X']),
    restoreOwnFile,
    restoreStrangers,
    ...(variant === 'nft' ? [FLUSH_RULESET] : []),
  ];
}
