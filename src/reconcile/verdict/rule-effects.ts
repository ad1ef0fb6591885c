import type { Family } from '../../net/family.ts';
import { coverOfFinding } from '../accept/covers.ts';
import { effectId } from '../accept/effect-id.ts';
import { isBroken, isDeclared, type Finding } from '../finding.ts';
import type { CheckEffect, EffectSource } from './effect.ts';

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
  if (judged === undefined) return byConsequence(broken);
  const idle = broken.filter((finding) => !isOwn(finding) && !judged.has(finding.family));
  return [
    ...effectOf('outage', 'chains', broken.filter(isStartup)),
    ...byConsequence(broken.filter((finding) => isOwn(finding) && !isStartup(finding))),
    ...effectOf('notice', 'idle-rules', idle),
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
  if (kind === 'content-lost' || kind === 'unconnected' || isDeclared({ kind })) return false;
  // A leftover may lead to a port that no cell asks about, for nobody publishes it.
  if (kind === 'diverted' && severity === 'exposure') return false;
  return level !== 'ingress' && level !== 'overlay' && !UNASKED.test(`${rule} `);
}

/** One effect for all findings that mean the same. */
function byConsequence(findings: readonly Finding[]): readonly CheckEffect[] {
  const alike = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = `${finding.severity} ${finding.consequence}`;
    alike.set(key, [...(alike.get(key) ?? []), finding]);
  }
  return [...alike.values()].flatMap((all) => {
    const [first] = all;
    return first === undefined ? [] : effectOf(first.severity, 'findings', all, first.remedy);
  });
}

function effectOf(
  effect: CheckEffect['effect'],
  by: Exclude<EffectSource['by'], 'cells' | 'unread'>,
  findings: readonly Finding[],
  remedy?: string,
): readonly CheckEffect[] {
  if (findings.length === 0) return [];
  const covers = findings.map(coverOfFinding);
  return [
    {
      id: effectId(covers),
      ...{ effect, cause: 'lost', shown: { by, findings }, cells: 0, deciders: [], covers },
      ...(remedy === undefined ? {} : { remedy }),
    },
  ];
}
