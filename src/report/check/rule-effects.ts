import type { Family } from '../../net/family.ts';
import { rulespecOf } from '../../firewall/iptables/text/model.ts';
import { isBroken, type Finding } from '../../reconcile/finding.ts';
import { count, place } from '../text.ts';
import { coverOfFinding } from '../../reconcile/accept/covers.ts';
import { effectId } from '../../reconcile/accept/effect-id.ts';
import type { CheckEffect } from './effect.ts';

/**
 * What broken findings about rules mean beside what cells show.
 *
 * @param findings - without those that are accepted
 * @param judged - families in which rules that are lost make cells differ; undefined where no packet was followed: then the text of
 *   each rule says what its loss means
 */
export function ruleEffects(
  findings: readonly Finding[],
  judged: ReadonlySet<Family> | undefined,
): readonly CheckEffect[] {
  const broken = findings.filter(isBroken);
  if (judged === undefined) return bySaying(broken);
  const idle = broken.filter((finding) => !isOwn(finding) && !judged.has(finding.family));
  return [
    ...startupEffect(broken.filter(isStartup)),
    ...bySaying(broken.filter((finding) => isOwn(finding) && !isStartup(finding))),
    ...idleEffect(idle),
  ];
}

/** Broken findings that are told by the cells which differ for them. @param judged - families in which cells differ for rules that are lost */
export const rulesBehindCells = (
  findings: readonly Finding[],
  judged: ReadonlySet<Family> = new Set(),
): readonly Finding[] =>
  findings.filter((finding) => isBroken(finding) && !isOwn(finding) && judged.has(finding.family));

/** Whether a finding is told by itself, whatever cells show. */
const isOwn = (finding: Finding): boolean => isStartup(finding) || !isAsked(finding);

/** Docker makes DOCKER-USER again where it finds none; without another chain of its own its commands fail. */
const isStartup = ({ kind, chain }: Finding): boolean => kind === 'chain-missing' && chain !== 'DOCKER-USER';

/** Rules for what no cell asks about: ping, checksums, packets with a mark, Windows beneath. */
const UNASKED = / -p (?:ipv6-)?icmp | -j CHECKSUM | --mark | -i loopback0 /;

/** Whether cells show what a finding means: not that of the routing mesh, of overlay networks, or of rules that only the user knows. */
function isAsked({ kind, severity, level, rule = '' }: Finding): boolean {
  if (kind === 'content-lost' || kind === 'unconnected') return false;
  // A leftover may lead to a port that no cell asks about, for nobody publishes it.
  if (kind === 'diverted' && severity === 'exposure') return false;
  return level !== 'ingress' && level !== 'overlay' && !UNASKED.test(`${rule} `);
}

function startupEffect(findings: readonly Finding[]): readonly CheckEffect[] {
  if (findings.length === 0) return [];
  const names = findings.map((finding) => place(finding));
  const covers = findings.map(coverOfFinding);
  const chains =
    findings.length === 1 ? 'a chain of its own is' : `${count(findings.length, 'chain')} of its own are`;
  return [
    {
      id: effectId(covers),
      ...{ effect: 'outage', cause: 'lost' },
      headline: `Docker cannot start containers or create networks: ${chains} gone`,
      ...{ names, reasons: [], cells: 0, deciders: [], covers },
    },
  ];
}

function idleEffect(findings: readonly Finding[]): readonly CheckEffect[] {
  if (findings.length === 0) return [];
  const covers = findings.map(coverOfFinding);
  return [
    {
      id: effectId(covers),
      ...{ effect: 'notice', cause: 'lost' },
      headline: `${idleWords(findings)}, without effect on any packet today`,
      ...{ names: [], reasons: findings.map(idleReason), cells: 0, deciders: [], covers },
    },
  ];
}

const idleReason = (finding: Finding): string =>
  finding.kind === 'policy' || finding.rule === undefined
    ? `${place(finding)}: ${finding.consequence}`
    : finding.kind === 'misplaced'
      ? `${place(finding)}: ${rulespecOf({ chain: finding.chain, text: finding.rule })} ${finding.consequence.replace(/^out of order: /, '')}`
      : `${finding.family === 'ipv6' ? 'ipv6 ' : ''}${finding.table}: ${finding.rule}`;

function idleWords(findings: readonly Finding[]): string {
  const policies = findings.filter(({ kind }) => kind === 'policy').length;
  const rules = findings.length - policies;
  const parts = [
    ...(rules === 0
      ? []
      : [`${count(rules, 'rule')} of Docker's ${rules === 1 ? 'is' : 'are'} lost or out of place`]),
    ...(policies === 0
      ? []
      : [`${count(policies, 'policy')} of FORWARD ${policies === 1 ? 'is' : 'are'} not as recorded`]),
  ];
  return parts.join(', ');
}

/** One effect for all findings that say the same. */
function bySaying(findings: readonly Finding[]): readonly CheckEffect[] {
  const said = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = `${finding.severity} ${finding.consequence}`;
    said.set(key, [...(said.get(key) ?? []), finding]);
  }
  return [...said.values()].flatMap((all): readonly CheckEffect[] => {
    const [first] = all;
    if (first === undefined) return [];
    const { severity, consequence, remedy } = first;
    const covers = all.map(coverOfFinding);
    return [
      {
        id: effectId(covers),
        ...{ effect: severity, cause: 'lost', headline: consequence },
        ...{ names: [], reasons: [], cells: 0, deciders: [], covers },
        ...(remedy === undefined ? {} : { remedy }),
      },
    ];
  });
}
