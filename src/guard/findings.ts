import type { OwnedRule } from '../docker/ownership.ts';
import type { ChainDrift, Drift, PolicyDrift } from './compare.ts';
import { lossOf } from './consequence.ts';
import type { Extra } from './extras.ts';
import { SEVERITIES, type Finding, type Severity } from './finding.ts';
import type { Surroundings } from './told.ts';

/** A drift as findings, the worst first. Within one severity: by family, table and chain as the drift has them. */
export function findingsOf(drift: Drift, surroundings: Surroundings): readonly Finding[] {
  const findings = [
    ...drift.chains.flatMap((chain) => chainFindings(chain, surroundings)),
    ...drift.policies.map(policyFinding),
    ...drift.stale.map(({ family, table, chain, owned, reason }): Finding => ({
      kind: 'stale',
      severity: 'notice',
      family,
      table,
      chain,
      rule: owned.rule.text,
      ...levelOf(owned),
      consequence: `gone for good, will not be restored: ${reason}`,
    })),
    ...drift.extras.map(extraFinding),
    ...drift.unknownChains.map(({ family, table, chain }): Finding => ({
      kind: 'unknown-chain',
      severity: 'notice',
      family,
      table,
      chain,
      consequence: `new: no Engine known to this program writes ${chain}; it is guarded like Docker's other chains`,
    })),
    ...drift.undecided.map(({ family, table, chain, rule, reason }): Finding => ({
      kind: 'undecided',
      severity: 'notice',
      family,
      table,
      chain,
      ...(rule === undefined ? {} : { rule }),
      consequence: `may be Docker's, left alone: ${reason}`,
    })),
  ];
  return findings.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

function extraFinding({ family, table, chain, owned, orphaned, diverts }: Extra): Finding {
  const about = { family, table, chain, rule: owned.rule.text, ...levelOf(owned) };
  if (orphaned === undefined)
    return {
      kind: 'extra',
      severity: 'notice',
      ...about,
      consequence: 'beyond what was recorded or is called for: kept as it is',
    };
  if (diverts === undefined)
    return {
      kind: 'orphan',
      severity: 'notice',
      ...about,
      consequence: `left behind by Docker, kept as it is: ${orphaned}`,
    };
  const what =
    diverts === 'exposure' ? 'opens a container that does not publish this' : 'leads the port astray';
  return { kind: 'diverted', severity: diverts, ...about, consequence: `${what}: ${orphaned}` };
}

/** Chains that hold what keeps packets out. */
const PROTECTS: ReadonlySet<string> = new Set([
  'DOCKER-USER',
  'DOCKER-INTERNAL',
  'DOCKER-ISOLATION',
  'DOCKER-ISOLATION-STAGE-1',
  'DOCKER-ISOLATION-STAGE-2',
]);

const levelOf = ({ level }: OwnedRule): Pick<Finding, 'level'> => (level === undefined ? {} : { level });

function chainFindings(drift: ChainDrift, surroundings: Surroundings): readonly Finding[] {
  const { family, table, chain, base } = drift;
  const ruleFinding = (
    kind: Finding['kind'],
    owned: OwnedRule,
    severity: Severity,
    consequence: string,
  ): Finding => ({
    kind,
    severity,
    family,
    table,
    chain,
    rule: owned.rule.text,
    ...levelOf(owned),
    consequence,
  });
  const findings: Finding[] = [];
  if (!drift.exists && !base.builtin) {
    findings.push({
      kind: 'chain-missing',
      severity: PROTECTS.has(chain) ? 'exposure' : 'outage',
      family,
      table,
      chain,
      ...(base.level === undefined ? {} : { level: base.level }),
      consequence: `the chain is gone: Docker cannot start containers or create networks that write to it`,
    });
  }
  for (const index of drift.missing) {
    const owned = base.rules[index];
    if (owned === undefined) continue;
    const { severity, text } = lossOf(owned, surroundings);
    findings.push(ruleFinding('missing', owned, severity, text));
  }
  for (const index of drift.lostContent) {
    const owned = base.rules[index];
    if (owned !== undefined)
      findings.push(
        ruleFinding(
          'content-lost',
          owned,
          'exposure',
          'your own filter in DOCKER-USER is gone with all others there',
        ),
      );
  }
  const told = new Set<string>();
  for (const owned of drift.live) {
    const { text } = owned.rule;
    if (told.has(text)) continue;
    told.add(text);
    const copies = drift.surplus.get(text);
    if (copies !== undefined)
      findings.push(
        ruleFinding(
          'duplicate',
          owned,
          'notice',
          `stands ${String(copies)} time${copies === 1 ? '' : 's'} too often`,
        ),
      );
    if (drift.misplaced.has(text)) {
      const loss = lossOf(owned, surroundings);
      findings.push(
        ruleFinding(
          'misplaced',
          owned,
          loss.severity,
          `stands where an earlier rule takes its packets: ${loss.text}`,
        ),
      );
    }
  }
  return findings;
}

function policyFinding({ family, table, chain, was, is }: PolicyDrift): Finding {
  const opened = is === 'ACCEPT';
  return {
    kind: 'policy',
    severity: opened ? 'exposure' : 'outage',
    family,
    table,
    chain,
    consequence: opened
      ? `policy ${was} became ${is}: traffic no rule of Docker's decides on is now forwarded`
      : `policy ${was} became ${is}: traffic no rule decides on is no longer forwarded`,
  };
}
