import { USER_CHAIN } from '../../../firewall/iptables/ownership/chain-shapes.ts';
import { jumpGraph } from '../../../firewall/iptables/text/jumps.ts';
import { rulesOf, type Rule, type Table } from '../../../firewall/iptables/text/model.ts';
import { targetOf } from '../../../firewall/iptables/text/view.ts';
import { splitWords } from '../../../firewall/iptables/text/words.ts';
import { isDockersTable } from '../../../firewall/nftables/ownership/ownership.ts';
import { memory } from '../../../trace/memory.ts';
import type { NetworkState } from '../../../trace/network-state.ts';
import type { Packet } from '../../../trace/packet.ts';
import type { Stopped } from '../../../trace/path.ts';
import { portRange } from '../../../trace/match/ports.ts';
import { tracePath } from '../../../trace/trace.ts';
import type { Check, Remedy } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { follow, type Followed } from '../../paths/follow.ts';
import { makeTable } from '../../remedies/own-table.ts';
import { remedyOf, proposal, type RemedyStep } from '../../remedies/proposal.ts';
import { changed } from '../../remedies/change.ts';
import { insertRule } from '../../remedies/iptables.ts';
import { managerAt, ownerOf } from '../../whose.ts';
import { checksOf } from '../check.ts';

const { warn } = checksOf('path');

/**
 * Published ports that outside reaches although a rule was written to close them: in DOCKER-USER by the port of this host, where packets
 * have the container's by then; or in the filter of what is for this host itself, which packets for containers never meet.
 *
 * @param isWhole - nobody asked about these ports: a filter that closes all that it is not told of closed none of them
 */
export function judgeInVain(
  followed: readonly (readonly Followed[])[],
  facts: Facts,
  isWhole: boolean,
): readonly Check[] {
  const seen = new Set<string>();
  return followed.flatMap((ways) => {
    const [first] = ways;
    if (first?.request.kind !== 'published' || ways.some(({ outcome }) => outcome.is !== 'reached'))
      return [];
    const { packet } = first.request;
    const key = `${packet.inInterface} ${packet.destination} ${packet.protocol} ${String(packet.destinationPort)}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return judgeMissing(first, facts) ?? judgeInput(first, facts, isWhole) ?? [];
  });
}

/** Rules of DOCKER-USER that close the port of this host, and see the container's. */
function judgeMissing(followed: Followed, facts: Facts): Check | undefined {
  if (facts.tables !== undefined) return judgeUnled(followed, facts);
  const { request, path } = followed;
  const { packet, subjects } = request;
  const { family, destinationPort: port, protocol } = packet;
  const ruleset = facts.netState.rulesets.find(({ variant }) => variant === facts.variant)?.rules[family];
  const inside = path.last.destinationPort;
  if (ruleset === undefined || inside === port) return undefined;
  const rule = rulesOf(ruleset, 'filter', USER_CHAIN).find(
    (one) =>
      closes(one) &&
      asksPort(one, port, protocol) &&
      // Nor any other container's, which it then closes.
      ![{ port: inside, proto: protocol }, ...facts.ports].some((to) => asksPort(one, to.port, to.proto)),
  );
  if (rule === undefined) return undefined;
  return warn(
    'closed-in-vain',
    `a rule in ${USER_CHAIN} asks for port ${String(port)}, and packets for ${subjects[0] ?? ''} have port ${String(inside)} there: it closes nothing`,
    {
      about: subjects[0] ?? '',
      meaning: `${USER_CHAIN} comes behind the translation to the container, whose port it sees`,
      evidence: [rule.text, `path: ${request.name}`],
      remedies: closing(followed, facts),
    },
  );
}

/** Rules of a DOCKER-USER of another time, that close a port: where Docker writes with nftables nothing need lead there. */
function judgeUnled(followed: Followed, facts: Facts): Check | undefined {
  const { request, path } = followed;
  const { family, destinationPort: port, protocol } = request.packet;
  const [subject = ''] = request.subjects;
  for (const { rules } of facts.netState.rulesets) {
    const filter = rules[family].tables.get('filter');
    if (filter === undefined || leadsThere(filter)) continue;
    const rule = rulesOf(rules[family], 'filter', USER_CHAIN).find(
      (one) =>
        closes(one) && (asksPort(one, port, protocol) || asksPort(one, path.last.destinationPort, protocol)),
    );
    if (rule === undefined) continue;
    return warn(
      'closed-in-vain',
      `a rule in ${USER_CHAIN} is to close port ${String(port)} of ${subject}, and nothing leads there: it closes nothing`,
      {
        about: subject,
        meaning: `Docker with nftables does not ask ${USER_CHAIN}: what is to close a port belongs into a table of your own`,
        evidence: [rule.text, `path: ${request.name}`],
        remedies: closing(followed, facts),
      },
    );
  }
  return undefined;
}

const leadsThere = (filter: Table): boolean =>
  [...jumpGraph(filter).values()].some((targets) => [...targets].includes(USER_CHAIN));

const closes = ({ text }: Rule): boolean => /^(?:DROP|REJECT)$/.test(targetOf(text) ?? '');

/** Whether a rule asks for a port of the receiver among others. */
function asksPort({ text }: Rule, port: number, protocol: string): boolean {
  const { words } = splitWords(text);
  if (words[words.indexOf('-p') + 1] !== protocol || !words.includes('-p')) return false;
  const at = words.findIndex((word) => word === '--dport' || word === '--dports');
  if (at < 0 || words[at - 1] === '!') return false;
  return (words[at + 1] ?? '').split(',').some((one) => {
    const range = portRange(one);
    return range !== undefined && range[0] <= port && port <= range[1];
  });
}

/** What this host's own filter would stop, if the port were its own. */
function judgeInput(followed: Followed, facts: Facts, isWhole: boolean): Check | undefined {
  const { request } = followed;
  const { packet, subjects } = request;
  const { end, steps } = tracePath(packet, withoutNat(facts.netState));
  if (end.at !== 'stopped' || steps.at(-1)?.hook !== 'INPUT') return undefined;
  if (isWhole && !namesPort(end, packet.destinationPort)) return undefined;
  if (isOpened(followed, facts)) return undefined;
  const manager = managerAt({ end, family: packet.family, hook: 'INPUT', way: '' }, facts);
  const port = `${String(packet.destinationPort)}/${packet.protocol}`;
  return warn(
    'closed-in-vain',
    `port ${port} of ${subjects[0] ?? ''} is reachable although ${manager ?? "this host's own filter"} denies it`,
    {
      about: subjects[0] ?? '',
      meaning: `packets for a published port are translated and forwarded: they meet ${facts.tables === undefined ? USER_CHAIN : 'what filters there'}, and never INPUT`,
      evidence: [
        end.rule?.text ?? `policy of ${end.table} ${end.chain}: ${end.target}`,
        `path: ${request.name}`,
      ],
      remedies: closing(followed, facts),
    },
  );
}

/** Whether a rule lets in what is for this very port, or container: whoever wrote it closed the port no longer. */
const isOpened = ({ path: { steps, last } }: Followed, facts: Facts): boolean =>
  steps.some(
    ({ hook, stage, handle = '', acts, what }) =>
      hook === 'FORWARD' &&
      handle !== '' &&
      acts === 'decides' &&
      !isDockersTable(stage) &&
      /\baccept\b/.test(what) &&
      new RegExp(
        `\\b(?:dport ${String(last.destinationPort)}|daddr ${last.destination.replaceAll('.', '\\.')})\\b`,
      ).test(what),
  ) ||
  steps.some(
    ({ hook, stage, variant = '', rule, acts, what }) =>
      hook === 'FORWARD' &&
      what === 'ACCEPT' &&
      acts === 'decides' &&
      rule !== undefined &&
      ownerOf(rule, stage, last.family, { variant, facts }) !== 'docker' &&
      (asksPort(rule, last.destinationPort, last.protocol) ||
        ` ${rule.text} `.includes(` -d ${last.destination}/`)),
  );

const namesPort = ({ rule }: Stopped, port: number): boolean =>
  rule !== undefined && new RegExp(`\\bdports? (?:\\S*,)?${String(port)}(?![\\d:-])`).test(rule.text);

const untranslated = memory<NetworkState>();

/** The host without Docker's translations, once for all ports: its own tables of nftables are read only then. */
const withoutNat = (netState: NetworkState): NetworkState =>
  untranslated(netState, '', () => ({
    ...netState,
    cutFrom: netState,
    natives: netState.natives?.filter(({ table }) => !isDockersTable(table)),
    rulesets: netState.rulesets.map(({ variant, rules }) => ({
      variant,
      rules: {
        ipv4: { tables: new Map([...rules.ipv4.tables].filter(([name]) => name !== 'nat')) },
        ipv6: { tables: new Map([...rules.ipv6.tables].filter(([name]) => name !== 'nat')) },
      },
    })),
  }));

/** A rule that closes the port for whoever comes in there, by the port that was asked; tried in memory. */
function closing({ request }: Followed, facts: Facts): readonly Remedy[] {
  const { packet } = request;
  const step = closingStep(packet, facts);
  const after = step && changed(facts, step.change);
  const isClosed = after !== undefined && follow(request, after)[0]?.outcome.is === 'stopped';
  return step !== undefined && isClosed
    ? [
        remedyOf(
          proposal('to close it, by the port that was asked; also in the file you keep such rules in', step),
        ),
      ]
    : [];
}

function closingStep(packet: Packet, facts: Facts): RemedyStep | undefined {
  const { variant, tables } = facts;
  if (tables !== undefined)
    return makeTable({
      ...{
        table: 'inet host-filter',
        chain: 'forward',
        hook: 'type filter hook forward priority filter - 5',
      },
      rule: `iifname "${packet.inInterface}" meta l4proto ${packet.protocol} ct direction original ct original proto-dst ${String(packet.destinationPort)} drop`,
    });
  if (variant === undefined) return undefined;
  return insertRule(
    USER_CHAIN,
    {
      in: packet.inInterface,
      protocol: packet.protocol,
      connection: ['--ctorigdstport', String(packet.destinationPort), '--ctdir', 'ORIGINAL'],
    },
    'DROP',
    { place: { variant, family: packet.family, table: 'filter' }, facts },
  );
}
