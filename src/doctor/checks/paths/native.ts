import type { NativeChain } from '../../../firewall/nftables/text/model.ts';
import { sh } from '../../../shell.ts';
import { readNatives } from '../../../trace/native/tables.ts';
import type { Stopped } from '../../../trace/path.ts';
import { advise, checksOf, byCommands } from '../check.ts';
import type { Check, Remedy } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { bridgeNetworks } from '../../lookup.ts';
import { follow, namesOf, pathLines, type Followed, type Group } from '../../paths/follow.ts';

/** An end that one of nftables' own tables makes. */
export type NativeStop = Stopped & Required<Pick<Stopped, 'native'>>;

export const isNative = (end: Stopped): end is NativeStop => end.native !== undefined;

/** `inet filter`, split. */
const wordsOf = (table: string): readonly [string, string] => {
  const [family = '', ...name] = table.split(' ');
  return [family, name.join(' ')];
};

function openPolicy(table: string, chain: string): Remedy {
  const [family, name] = wordsOf(table);
  return byCommands(
    'let packets pass, then correct the file it is loaded from',
    sh`nft chain ${family} ${name} ${chain} ${'{ policy accept; }'}`,
  );
}

/**
 * nftables' own tables stand beside iptables'. A chain that drops all that is forwarded, and lets nothing pass, is reported by
 * itself, whatever else its table does; what others stop shows in the paths.
 */
export function judgeNatives({ netState }: Facts): readonly Check[] {
  const { fail } = checksOf('rules');
  return readNatives(netState).flatMap(({ table, read }) => {
    // A table of one family, or of bridges, does not see all packets: the paths show what it stops.
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
            : byCommands(
                'let packets pass, then correct the file it is loaded from',
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
      remedies: / firewalld$/.test(table) ? intoZone(first, facts) : [remedyFor(followed, end, facts)],
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
    byCommands(
      'put the bridge into a zone that lets it pass; with --permanent as well, to keep it',
      sh`firewall-cmd --zone=trusted --change-interface=${bridge}`,
    ),
    restart,
  ];
}

/**
 * Takes a rule out where that lets the packets pass; else has the chain accept what Docker's rules decide about anyway. Both were
 * tried in memory, on the listing as it would be.
 */
function remedyFor(followed: readonly Followed[], end: NativeStop, facts: Facts): Remedy {
  const { table, chain, rule, native } = end;
  const passes = (change: (line: string) => readonly string[]): boolean => {
    const natives = (facts.netState.natives ?? []).map((one) =>
      one.table === table ? { ...one, text: one.text.split('\n').flatMap(change).join('\n') } : one,
    );
    const changed: Facts = { ...facts, netState: { ...facts.netState, natives } };
    return followed.every(({ request }) =>
      follow(request, changed).every(({ outcome, path }) => outcome.is === 'reached' || !endsIn(table, path)),
    );
  };
  const deleted = (line: string): readonly string[] =>
    line.endsWith(` # handle ${native.handle}`) && !line.includes('{ #') ? [] : [line];
  if (rule !== undefined && passes(deleted)) return takeOut(end);
  const base = baseAt(table, followed, facts);
  const bridges = bridgeNetworks(facts).map(({ bridge }) => `"${bridge}"`);
  const accepts = ['iifname', 'oifname'].map((side) => `${side} { ${bridges.join(', ')} } accept`);
  const opened = (line: string): readonly string[] =>
    line.includes(` hook ${base?.base?.hook ?? ''} `)
      ? [line, ...accepts.map((one) => `\t\t${one}`)]
      : [line];
  if (base !== undefined && base.base?.hook === 'forward' && bridges.length > 0 && passes(opened)) {
    const [family, name] = wordsOf(table);
    const set = `{ ${bridges.join(', ')} }`;
    return byCommands(
      "let this table pass what Docker's rules decide about; also in the file it is loaded from",
      ...['iifname', 'oifname'].map(
        (side) => sh`nft insert rule ${family} ${name} ${base.name} ${side} ${set} accept`,
      ),
    );
  }
  return rule === undefined
    ? openPolicy(table, chain)
    : advise(`let the table accept these packets before this rule: nft list table ${table}`);
}

const endsIn = (table: string, { end }: Followed['path']): boolean =>
  end.at === 'unknown' || (end.at === 'stopped' && end.table === table);

/** The base chain of a table in which the packets were stopped. */
function baseAt(table: string, followed: readonly Followed[], { netState }: Facts): NativeChain | undefined {
  const chains = readNatives(netState).find((one) => one.table === table)?.read?.chains;
  const passed = (followed[0]?.path.steps ?? []).filter(({ stage }) => stage === table);
  return passed
    .map(({ chain }) => chains?.get(chain ?? ''))
    .findLast((chain) => chain?.base?.type === 'filter');
}

function takeOut({ table, chain, native: { handle } }: NativeStop): Remedy {
  const [family, name] = wordsOf(table);
  return handle === ''
    ? advise(`delete the rule: nft -a list chain ${table} ${chain} shows its handle`)
    : byCommands(
        'delete it, also from the file it is loaded from',
        sh`nft delete rule ${family} ${name} ${chain} handle ${handle}`,
      );
}
