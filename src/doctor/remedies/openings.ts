import { USER_CHAIN } from '../../firewall/iptables/ownership/chain-shapes.ts';
import { makeRule, rulesOf } from '../../firewall/iptables/text/model.ts';
import { isNobodys } from '../../reach/far.ts';
import { sh } from '../../shell.ts';
import type { Facts } from '../facts/facts.ts';
import type { Followed, Group } from '../paths/follow.ts';
import { managerAt, whoseStop, type StopPlace } from '../whose.ts';
import { inputKeeper } from './host-firewall.ts';
import { proposal, type Proposal, type RemedyStep } from './proposal.ts';
import { ANSWERS, appendBy, insertBy, insertRule, type RuleFields, type RulesTable } from './iptables.ts';

/** The chain in which a rule of the operator's decides before what stops a path. */
function chainFor(stop: StopPlace, facts: Facts): string {
  const { table, chain } = stop.end;
  if (table !== 'filter' || stop.hook !== 'FORWARD') return chain;
  const whose = whoseStop(stop, facts);
  const isUsers = whose === 'operator' && managerAt(stop, facts) === undefined;
  // Where Docker writes with nftables nothing need lead to DOCKER-USER, or it is not there.
  return (isUsers || whose === 'docker') && facts.tables === undefined ? USER_CHAIN : chain;
}

/** What lets a path pass where it is stopped, and less with each step: in the order in which they are to be tried. */
function fieldsOf({ path, request: { goal, kind } }: Followed, hook: string): readonly RuleFields[] {
  const { packet, last } = path;
  const by =
    hook === 'OUTPUT' || hook === 'POSTROUTING' || packet.inInterface === ''
      ? {}
      : { in: packet.inInterface };
  const to =
    hook === 'INPUT' || hook === 'PREROUTING' || last.outInterface === '' ? {} : { out: last.outInterface };
  if (packet.state === 'ESTABLISHED') return [ANSWERS, { ...by, ...to, ...ANSWERS }];
  // Of two containers somebody asked whether they reach each other, not about one port.
  if (kind === 'same-network')
    return [
      { ...by, ...to },
      { source: last.source, destination: last.destination, ...by },
    ];
  if (goal.to === 'outside')
    return [
      { ...by, ...to },
      { source: last.source, ...by, ...to },
    ];
  const port = last.destinationPort === 0 ? {} : { protocol: last.protocol, port: last.destinationPort };
  const there = { destination: last.destination, ...by, ...port };
  const isCertain = last.source !== '' && !isNobodys(last.source);
  const asked = last.translated.destination
    ? [
        '--ctorigdst',
        packet.destination,
        ...(packet.destinationPort === 0 ? [] : ['--ctorigdstport', String(packet.destinationPort)]),
      ]
    : [];
  return [
    there,
    ...(asked.length === 0 ? [] : [{ ...there, connection: asked }]),
    ...(isCertain ? [{ source: last.source, ...there, ...(asked.length > 0 && { connection: asked }) }] : []),
  ];
}

/** Rules that accept what a group asks, put before what stops it; the widest first. */
export function openings({ followed, first }: Group, stop: StopPlace, facts: Facts): readonly Proposal[] {
  const { end, family, hook } = stop;
  const place: RulesTable = {
    variant: end.variant,
    family,
    table: end.table,
  };
  const chain = chainFor(stop, facts);
  const all = followed.map((one) => fieldsOf(one, hook));
  const widths = Math.max(...all.map((fields) => fields.length));
  return Array.from({ length: widths }, (_, width): Proposal => {
    const steps = all.flatMap((fields) => {
      const found = fields[Math.min(width, fields.length - 1)];
      return found === undefined ? [] : [insertRule(chain, found, 'ACCEPT', { place, facts })];
    });
    const distinct = [...new Map(steps.map((step) => [step.command, step])).values()];
    return proposal(whatOf(first, chain), ...distinct);
  });
}

function whatOf({ path }: Followed, chain: string): string {
  const keep = chain === USER_CHAIN ? ', and in the file you keep those rules in' : '';
  if (path.packet.state === 'ESTABLISHED') return `let answers pass first${keep}`;
  return `to open it${keep}; -s ADDRESS lets in one client alone`;
}

/**
 * What ufw lets through by a command of its own. It appends to chains of its own, which must come first; where a rule of the same chain stops
 * it, only a rule before that one opens anything.
 */
export function ufwRoutes({ followed, first }: Group, stop: StopPlace, facts: Facts): readonly Proposal[] {
  const { family, hook } = stop;
  const { variant, table, chain } = stop.end;
  const six = family === 'ipv6' ? '6' : '';
  const user = `ufw${six}-user-forward`;
  const ruleset = facts.netState.rulesets.find((one) => one.variant === variant)?.rules[family];
  const isUfws =
    ruleset !== undefined &&
    table === 'filter' &&
    (managerAt(stop, facts) === 'ufw' ||
      inputKeeper(stop, facts) === 'ufw' ||
      (chain === USER_CHAIN &&
        rulesOf(ruleset, table, chain).some(({ text }) => text.endsWith(`-j ${user}`))));
  if (!isUfws || first.path.packet.state === 'ESTABLISHED') return [];
  const place: RulesTable = { variant, family, table };
  const rows = followed.map((one) => ufwWords(one, hook, six));
  const verb = hook === 'INPUT' ? 'ufw' : 'ufw route';
  return (['append', 'insert'] as const).flatMap((op) =>
    [0, 1, 2].flatMap((width): readonly Proposal[] => {
      const steps = rows.flatMap((row): readonly RemedyStep[] => {
        const words = row[Math.min(width, row.length - 1)];
        if (words === undefined) return [];
        const { allowed, rule } = words;
        return [
          op === 'append'
            ? appendBy(`${verb} allow ${allowed}`, rule, place)
            : insertBy(`${verb} prepend allow ${allowed}`, makeRule(rule), place),
        ];
      });
      const distinct = [...new Map(steps.map((step) => [step.command, step])).values()];
      return distinct.length === 0 ? [] : [proposal('to open it: ufw keeps the rule', ...distinct)];
    }),
  );
}

interface UfwWords {
  /** What stands behind `allow`. */
  readonly allowed: string;
  /** The rule that ufw makes of it. */
  readonly rule: string;
}

function ufwWords(
  { path: { packet, last }, request: { goal } }: Followed,
  hook: string,
  six: string,
): readonly UfwWords[] {
  const length = six === '' ? '32' : '128';
  const { inInterface: by } = packet;
  const { protocol, destinationPort: port, destination, outInterface: out } = last;
  if (goal.to === 'outside')
    return [
      {
        allowed: sh`in on ${by} out on ${out}`,
        rule: `-A ufw${six}-user-forward -i ${by} -o ${out} -j ACCEPT`,
      },
    ];
  if (port === 0) return [];
  const match = `-p ${protocol} -m ${protocol} --dport ${String(port)} -j ACCEPT`;
  if (hook === 'INPUT')
    return [
      {
        allowed: sh`in on ${by} to ${destination} port ${port} proto ${protocol}`,
        rule: `-A ufw${six}-user-input -d ${destination}/${length} -i ${by} ${match}`,
      },
    ];
  return [
    {
      allowed: sh`proto ${protocol} from any to any port ${port}`,
      rule: `-A ufw${six}-user-forward ${match}`,
    },
    {
      allowed: sh`proto ${protocol} from any to ${destination} port ${port}`,
      rule: `-A ufw${six}-user-forward -d ${destination}/${length} ${match}`,
    },
    {
      allowed: sh`in on ${by} proto ${protocol} from any to ${destination} port ${port}`,
      rule: `-A ufw${six}-user-forward -d ${destination}/${length} -i ${by} ${match}`,
    },
  ];
}
