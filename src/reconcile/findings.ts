import type { OwnedRule } from '../firewall/iptables/ownership/ownership.ts';
import { bypassedIn, holdsDeclared } from '../firewall/iptables/order/bypassed.ts';
import { ordersOf } from '../firewall/iptables/order/order.ts';
import { rulespecOf, type RuleName } from '../firewall/iptables/text/model.ts';
import { targetOf } from '../firewall/iptables/text/view.ts';
import { writtenRule } from '../firewall/iptables/ownership/written.ts';
import type { ChainDrift, Drift, PolicyDrift, Extra } from '../firewall/iptables/compare/drift.ts';
import { lossOf, type Consequence } from './consequence.ts';
import { worstFirst, type Finding, type Severity } from './finding.ts';
import type { Surroundings } from './known-names.ts';

/**
 * A drift as findings, the worst first. Within one severity: by family, table and chain as the drift has them.
 *
 * @param opens - whether `restore` may open a policy again, see {@link opensPolicies}
 */
export function findingsOf(drift: Drift, surroundings: Surroundings, opens = true): readonly Finding[] {
  const findings = [
    ...drift.chains.flatMap((chain) => chainFindings(chain, surroundings)),
    ...drift.policies.map((policy) => policyFinding(policy, opens)),
    ...drift.stale.map(({ family, table, chain, owned, reason, stopped }): Finding => ({
      kind: 'stale',
      severity: 'notice',
      family,
      table,
      chain,
      rule: owned.rule.text,
      ...levelOf(owned),
      ...(stopped === undefined ? {} : { container: stopped }),
      consequence:
        stopped === undefined
          ? `obsolete; not restored: ${reason}`
          : `container ${stopped} is not running: Docker writes its rules again when it starts`,
    })),
    ...drift.extras.map(extraFinding),
    ...drift.unknownChains.map(({ family, table, chain }): Finding => ({
      kind: 'unknown-chain',
      severity: 'notice',
      family,
      table,
      chain,
      consequence: `new: no Engine known to rulesguard writes ${chain}; it is guarded like Docker's other chains`,
    })),
    ...drift.lostSingly.map(({ family, table, chain, owned }): Finding => ({
      kind: 'user-rule-gone',
      severity: 'notice',
      ...{ family, table, chain, rule: owned.rule.text },
      consequence:
        'your own rule in DOCKER-USER is gone, others are left; not restored, for the chain is yours to edit. If it is meant: rulesguard snapshot',
    })),
    ...drift.undeclared.map(({ family, table, chain, owned }): Finding => ({
      kind: 'undeclared',
      severity: 'notice',
      ...{ family, table, chain, rule: owned.rule.text },
      consequence: 'not declared; left as is',
    })),
    ...drift.undecided.map(({ family, table, chain, rule, reason, unreadable }): Finding => ({
      kind: unreadable === true ? 'unreadable' : 'undecided',
      severity: 'notice',
      family,
      table,
      chain,
      ...(rule === undefined ? {} : { rule }),
      consequence:
        unreadable === true
          ? `written by nft; neither recorded nor restored, and its effect on packets is unknown: ${reason}`
          : `may be Docker's; left as is: ${reason}`,
    })),
  ];
  return findings.sort(worstFirst);
}

/** A rule of the user's own that is gone and could not be recorded. */
export const unreadFinding = (name: RuleName): Finding => ({
  kind: 'content-lost',
  severity: 'exposure',
  ...name,
  consequence: 'your own rule in DOCKER-USER is gone, with every other there; it could not be recorded',
  remedy: 'load it again from the file or program that it comes from',
});

function extraFinding({ family, table, owned, orphaned, diverts }: Extra): Finding {
  const { chain, text: rule } = writtenRule(owned);
  const about = { family, table, chain, rule, ...levelOf(owned) };
  if (orphaned === undefined)
    return {
      kind: 'extra',
      severity: 'notice',
      ...about,
      consequence: 'not expected; left as is',
    };
  if (diverts === undefined)
    return {
      kind: 'orphan',
      severity: 'notice',
      ...about,
      consequence: `leftover of Docker's; left as is: ${orphaned}`,
    };
  const { severity, container } = diverts;
  const { ip = '', port = '', hostPort = '', proto = '' } = owned.captures ?? {};
  const what =
    severity === 'outage'
      ? `takes port ${hostPort}/${proto} from container ${container}, which publishes it`
      : hostPort === ''
        ? `opens port ${port}/${proto} of container ${container} (${ip}), which does not publish it`
        : `routes port ${hostPort}/${proto} to the wrong container, ${container} (${ip}:${port})`;
  return { kind: 'diverted', severity, ...about, consequence: `${what}: ${orphaned}` };
}

/** Chains whose rules keep packets out. */
const PROTECTS: ReadonlySet<string> = new Set([
  'DOCKER-USER',
  'DOCKER-INTERNAL',
  'DOCKER-ISOLATION',
  'DOCKER-ISOLATION-STAGE-1',
  'DOCKER-ISOLATION-STAGE-2',
]);

const levelOf = ({ level }: OwnedRule): Pick<Finding, 'level'> => (level === undefined ? {} : { level });

function chainFindings(drift: ChainDrift, surroundings: Surroundings): readonly Finding[] {
  const { family, table, chain, desired } = drift;
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
  if (!drift.exists && !desired.builtin) {
    findings.push({
      kind: 'chain-missing',
      severity: PROTECTS.has(chain) ? 'exposure' : 'outage',
      family,
      table,
      chain,
      ...(desired.level === undefined ? {} : { level: desired.level }),
      consequence: `the chain is gone: Docker cannot start containers or create networks that write to it`,
    });
  }
  for (const index of drift.missing) {
    const owned = desired.rules[index];
    if (owned === undefined) continue;
    const { severity, text } = lossOf(owned, surroundings);
    findings.push(ruleFinding('missing', owned, severity, text));
  }
  for (const index of drift.lostContent) {
    const owned = desired.rules[index];
    if (owned?.declared === true)
      findings.push(ruleFinding('declared-missing', owned, severityOf(owned), DECLARED_GONE));
    else if (owned !== undefined)
      findings.push(
        ruleFinding(
          'content-lost',
          owned,
          'exposure',
          'your own rule in DOCKER-USER is gone, with every other there',
        ),
      );
  }
  const bypassed = holdsDeclared(desired) ? bypassedIn(desired, drift.live) : new Map<string, OwnedRule>();
  const reported = new Set<string>();
  for (const owned of drift.live) {
    const { text } = owned.rule;
    if (reported.has(text)) continue;
    reported.add(text);
    const copies = drift.surplus.get(text);
    if (copies !== undefined)
      findings.push(
        ruleFinding(
          'duplicate',
          owned,
          'notice',
          `${String(copies)} extra ${copies === 1 ? 'copy' : 'copies'}`,
        ),
      );
    const bypass = bypassed.get(text);
    if (bypass !== undefined)
      findings.push(
        ruleFinding(
          'declared-bypassed',
          owned,
          severityOf(owned),
          `declared, and another rule decides before it: ${rulespecOf(bypass.rule)}`,
        ),
      );
    else if (drift.misplaced.has(text)) {
      const { severity, text: meaning } = disorderOf(owned, drift, surroundings);
      findings.push(ruleFinding('misplaced', owned, severity, `out of order: ${meaning}`));
    }
  }
  return findings;
}

const DECLARED_GONE = 'a rule declared for DOCKER-USER is gone';

/** What the loss of a rule of the operator's own means: what it stops passes, or what it lets through is stopped. */
const severityOf = ({ rule }: OwnedRule): Severity =>
  ['ACCEPT', 'RETURN'].includes(targetOf(rule.text) ?? '') ? 'outage' : 'exposure';

/** What a rule in the wrong place means: it takes the packets of one that must come first, or its own are taken before. */
function disorderOf(
  owned: OwnedRule,
  { live, misplaced }: ChainDrift,
  surroundings: Surroundings,
): Consequence {
  const mine = ordersOf(owned);
  const mustComeFirst = (other: OwnedRule): boolean =>
    !misplaced.has(other.rule.text) &&
    ordersOf(other).some(({ scope, phase }) => mine.some((own) => own.scope === scope && own.phase > phase));
  const robbed = live.slice(live.indexOf(owned) + 1).find(mustComeFirst);
  if (robbed === undefined) {
    const { severity, text } = lossOf(owned, surroundings);
    return { severity, text: `an earlier rule takes its packets: ${text}` };
  }
  const { severity, text } = lossOf(robbed, surroundings);
  return { severity, text: `comes before ${rulespecOf(robbed.rule)}: ${text}` };
}

function policyFinding({ family, table, chain, was, is, declared }: PolicyDrift, opens: boolean): Finding {
  if (declared === true)
    return {
      ...{ kind: 'declared-policy', severity: 'exposure', family, table, chain },
      consequence: `policy DROP is declared, and it is ${is}: traffic that no rule decides is forwarded`,
    };
  const opened = is === 'ACCEPT';
  return {
    kind: 'policy',
    severity: opened ? 'exposure' : 'outage',
    family,
    table,
    chain,
    consequence: opened
      ? `policy changed from ${was} to ${is}: traffic that no rule of Docker's decides is now forwarded`
      : `policy changed from ${was} to ${is}: traffic that no rule decides is no longer forwarded`,
    // Docker needs no ACCEPT there, and a command that opens forwarding to everybody is not for us to advise.
    ...(was === 'ACCEPT' && !opens ? { remedy: 'rulesguard doctor' } : {}),
  };
}
