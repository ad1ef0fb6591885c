import type { NativeChain } from '../nftables/model.ts';
import { sh } from '../shell.ts';
import { readNatives } from '../trace/natives.ts';
import type { Stopped } from '../trace/path.ts';
import { advise, checksOf, type } from './check.ts';
import type { Check, Remedy } from './diagnosis.ts';
import type { Facts } from './facts.ts';
import { namesOf, pathLines, type Followed, type Group } from './follow.ts';

/** An end that one of nftables' own tables makes. */
export type NativeStop = Stopped & Required<Pick<Stopped, 'native'>>;

export const isNative = (end: Stopped): end is NativeStop => end.native !== undefined;

/** `inet filter`, as its words. */
const wordsOf = (table: string): readonly [string, string] => {
  const [family = '', ...name] = table.split(' ');
  return [family, name.join(' ')];
};

function openPolicy(table: string, chain: string): Remedy {
  const [family, name] = wordsOf(table);
  return type(
    'let packets pass it, then mend the file it is loaded from',
    sh`nft chain ${family} ${name} ${chain} ${'{ policy accept; }'}`,
  );
}

/**
 * nftables' own tables stand beside iptables'. A chain that drops all that is forwarded, and lets nothing pass, is told as
 * itself, whatever else its table does; what others stop, paths tell.
 */
export function judgeNatives({ terrain }: Facts): readonly Check[] {
  const { fail, unknown } = checksOf('rules');
  if (terrain.natives === undefined)
    return [
      unknown('natives-untold', "nftables' own tables could not be read", {
        evidence: ['they may drop packets too: nft list ruleset'],
      }),
    ];
  return readNatives(terrain).flatMap(({ table, read }) => {
    // A table of one family, or of bridges, does not see all packets: their paths tell.
    if (!/^(?:inet|ip) /.test(table)) return [];
    const closed = [...(read?.chains.values() ?? [])].find(isClosed);
    if (closed === undefined) return [];
    const { name, base, rules } = closed;
    const [family, own] = wordsOf(table);
    return [
      fail('native-drop', `nftables' own table ${table} drops every forwarded packet`, {
        about: table,
        meaning: "iptables does not show it, and no rule of Docker's can overrule it",
        evidence: [
          `chain ${name}: hook forward, policy ${base?.policy ?? ''}`,
          ...rules.map((rule) => rule.text).slice(0, 3),
        ],
        remedies: [
          base?.policy === 'drop'
            ? openPolicy(table, name)
            : type(
                'let packets pass it, then mend the file it is loaded from',
                sh`nft flush chain ${family} ${own} ${name}`,
              ),
        ],
        impairs: 'all',
      }),
    ];
  });
}

/** Every forwarded packet ends in it. */
function isClosed({ base, rules }: NativeChain): boolean {
  if (base?.type !== 'filter' || base.hook !== 'forward') return false;
  const letsPass = rules.some(
    ({ verdict }) => verdict !== undefined && (!('is' in verdict) || !/^(?:drop|reject)$/.test(verdict.is)),
  );
  const dropsAll = rules.some(
    ({ verdict, conditions, doubt }) =>
      verdict !== undefined && conditions.length === 0 && doubt === undefined,
  );
  return !letsPass && (base.policy === 'drop' || dropsAll);
}

/** A path that a rule, or a policy, of nftables' own tables ends. */
export function judgeNativeStop({ followed, first }: Group, end: NativeStop, facts: Facts): Check {
  const { table, chain, rule, target } = end;
  const ends = target === 'REJECT' ? 'refuses' : 'drops';
  const what = rule === undefined ? `the policy of chain ${chain}` : `a rule in chain ${chain}`;
  return checksOf('path').fail(
    'native-stops',
    `${what} of nftables' own table ${table} ${ends} packets for ${namesOf(followed)}`,
    {
      about: namesOf(followed),
      meaning: "iptables does not show it, and no rule of Docker's can overrule it",
      evidence: [...(rule === undefined ? [] : [rule.text]), ...pathLines(followed)],
      remedies: / firewalld$/.test(table)
        ? intoZone(first, facts)
        : [rule === undefined ? openPolicy(table, chain) : takeOut(end)],
    },
  );
}

/** What firewalld rejects stands in no zone of it that lets forwarded packets pass. */
function intoZone({ path: { last, packet } }: Followed, { networks }: Facts): readonly Remedy[] {
  const bridge = [last.outInterface, packet.inInterface].find((name) =>
    networks.some((network) => network.bridge === name),
  );
  const restart = advise(
    "or let dockerd put all of its bridges into firewalld's zone docker: systemctl restart docker (stops containers, unless live-restore is on)",
  );
  if (bridge === undefined) return [restart];
  return [
    type(
      'put the bridge into a zone that lets it pass; with --permanent as well, for good',
      sh`firewall-cmd --zone=trusted --change-interface=${bridge}`,
    ),
    restart,
  ];
}

function takeOut({ table, chain, native: { handle } }: NativeStop): Remedy {
  const [family, name] = wordsOf(table);
  return handle === ''
    ? advise(`take the rule out: nft -a list chain ${table} ${chain} shows its handle`)
    : type(
        'take it out, and out of the file it is loaded from',
        sh`nft delete rule ${family} ${name} ${chain} handle ${handle}`,
      );
}
