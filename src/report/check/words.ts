import { rulespecOf } from '../../firewall/iptables/text/model.ts';
import type { Finding } from '../../reconcile/finding.ts';
import type { CheckEffect } from '../../reconcile/verdict/effect.ts';
import { headlineOf, reasonsOf } from '../reach/groups.ts';
import { count, place } from '../text.ts';

/** How an effect reads. */
export interface EffectWords {
  /** `24 published ports unreachable from outside`. */
  readonly headline: string;
  /** What it is about, each once: ports, containers or networks; none where the headline says it. */
  readonly names: readonly string[];
  /** Why, the reason of most cells first. */
  readonly reasons: readonly string[];
}

/** What was found, in words. They may hold what others wrote: not printable yet. */
export function effectWords({ shown }: Pick<CheckEffect, 'shown'>): EffectWords {
  switch (shown.by) {
    case 'cells': {
      const { group } = shown;
      return { headline: headlineOf(group), names: group.names, reasons: reasonsOf(group) };
    }
    case 'findings':
      return { headline: shown.findings[0]?.consequence ?? '', names: [], reasons: [] };
    case 'chains':
      return { headline: chainsWords(shown.findings), names: shown.findings.map(place), reasons: [] };
    case 'idle-rules': {
      const headline = `${idleWords(shown.findings)}, without effect on any packet today`;
      return { headline, names: [], reasons: shown.findings.map(idleReason) };
    }
    case 'unread': {
      const { what, why, isAside } = shown.part;
      return {
        headline: `cannot tell what packets do: ${what} ${isAside === true ? 'is not judged' : 'could not be read'}`,
        names: [],
        reasons: [why],
      };
    }
  }
}

function chainsWords({ length }: readonly Finding[]): string {
  const chains = length === 1 ? 'a chain of its own is' : `${count(length, 'chain')} of its own are`;
  return `Docker cannot start containers or create networks: ${chains} gone`;
}

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

const idleReason = (finding: Finding): string =>
  finding.kind === 'policy' || finding.rule === undefined
    ? `${place(finding)}: ${finding.consequence}`
    : finding.kind === 'misplaced'
      ? `${place(finding)}: ${rulespecOf({ chain: finding.chain, text: finding.rule })} ${finding.consequence.replace(/^out of order: /, '')}`
      : `${finding.family === 'ipv6' ? 'ipv6 ' : ''}${finding.table}: ${finding.rule}`;
