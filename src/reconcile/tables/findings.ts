import type {
  ElementsDrift,
  StrayObject,
  SurplusRule,
  TableChainDrift,
  TableDrift,
} from '../../firewall/nftables/compare/drift.ts';
import { isAboutSetAside } from '../../docker/inventory/set-aside.ts';
import { dockersChain, ownTableRule } from '../../firewall/nftables/ownership/ownership.ts';
import { purposeOf } from '../../firewall/nftables/ownership/purpose.ts';
import type { NftRule } from '../../firewall/nftables/tables/model.ts';
import { elementText } from '../../firewall/nftables/tables/print.ts';
import type { Finding, Severity } from '../finding.ts';
import type { Surroundings } from '../known-names.ts';
import { halfHealed } from './half-healed.ts';
import { NO_TIMES } from './loss-times.ts';
import { elementLossOf, tableLossOf } from './losses.ts';

type FindingPlace = Pick<Finding, 'family' | 'table' | 'chain'>;

/**
 * What differs in one of Docker's tables, as findings. A chain's place is its name, a map's and a set's too.
 *
 * @param times - by which it is told when a table was lost
 */
export function tableFindings(
  drift: TableDrift,
  surroundings: Surroundings,
  times = NO_TIMES,
): readonly Finding[] {
  const { family, name, chains, maps, sets, strays } = drift;
  const at = (chain: string): FindingPlace => ({ family, table: name, chain });
  return [
    ...halfHealed(drift, times),
    ...chains.flatMap((chain) => chainFindings(chain, at(chain.name), surroundings)),
    ...[...maps, ...sets].flatMap((held) => elementFindings(held, at(held.name), surroundings)),
    ...strays
      .filter(({ what }) => !isAboutSetAside(surroundings, { bridge: dockersChain(name, what)?.bridge }))
      .map((stray) => strayFinding(stray, at(stray.what))),
  ];
}

const levelIn = (rule: NftRule, { table, chain }: FindingPlace): Pick<Finding, 'level'> => {
  const { purpose } = ownTableRule(table, chain, rule);
  return purpose === undefined ? {} : { level: purposeOf(purpose).level };
};

const missing = (place: FindingPlace, severity: Severity, consequence: string): Finding => ({
  ...{ kind: 'missing', severity, consequence },
  ...place,
});

function chainFindings(
  { name, expected, live, isRehooked, missing: lost, surplus, foreign }: TableChainDrift,
  place: FindingPlace,
  surroundings: Surroundings,
): readonly Finding[] {
  const losses = lost.map((rule): Finding => {
    const { severity, text } = tableLossOf(ownTableRule(place.table, name, rule), surroundings);
    return { ...missing(place, severity, text), rule: rule.text, ...levelIn(rule, place) };
  });
  return [
    // Of a chain with rules they say it.
    ...(live === undefined && expected.rules.length === 0
      ? [
          missing(
            place,
            'notice',
            'the chain is gone: it holds nothing today, and Docker leads packets to it',
          ),
        ]
      : []),
    ...(isRehooked ? [rehooked(place, live?.base?.policy === 'drop')] : []),
    ...losses,
    ...surplus
      .filter(({ owned }) => !isAboutSetAside(surroundings, owned.captures))
      .map((one) => surplusFinding(one, place, surroundings)),
    ...foreign.map((rule): Finding => ({
      ...{ kind: 'extra', severity: 'notice', rule: rule.text },
      ...place,
      consequence:
        "not Docker's, in a table of Docker's own: left as is, and lost when Docker next writes this chain",
    })),
  ];
}

const rehooked = (place: FindingPlace, drops: boolean): Finding =>
  drops
    ? missing(place, 'outage', 'its policy is drop: every packet that no rule of it decides is lost')
    : missing(place, 'outage', 'it is hooked in where Docker does not: packets meet it at another time');

function surplusFinding(
  { is, owned, container, instead }: SurplusRule,
  place: FindingPlace,
  surroundings: Surroundings,
): Finding {
  const { rule } = owned;
  const { severity, text } = tableLossOf(owned, surroundings);
  const finding = (kind: Finding['kind'], worth: Severity, consequence: string): Finding => ({
    ...{ kind, severity: worth, rule: rule.text, consequence },
    ...place,
    ...levelIn(rule, place),
  });
  switch (is) {
    case 'misplaced':
      return finding('misplaced', severity, `out of order: an earlier rule takes its packets: ${text}`);
    case 'duplicate':
      return finding('duplicate', 'notice', '1 extra copy');
    case 'diverted': {
      const { hostPort = '', proto = '', ip = '', port = '' } = owned.captures;
      const to = container === undefined ? ip : `${container} (${ip}:${port})`;
      return instead === undefined
        ? finding(
            'diverted',
            'exposure',
            `opens port ${port}/${proto} of container ${to}, which does not publish it`,
          )
        : finding('diverted', 'exposure', `routes port ${hostPort}/${proto} to the wrong place, ${to}`);
    }
    case 'leftover':
      return finding(
        'orphan',
        'notice',
        "leftover of Docker's; left as is: what it is about does not exist any more",
      );
    case 'unexpected':
      return finding('extra', 'notice', 'not expected; left as is');
  }
}

function elementFindings(
  { name, exists, isRetyped, missing: lost, wrong, strays }: ElementsDrift,
  place: FindingPlace,
  surroundings: Surroundings,
): readonly Finding[] {
  return [
    ...(exists || lost.size > 0
      ? []
      : [missing(place, 'notice', 'it is gone: it holds nothing today, and Docker adds to it')]),
    ...(isRetyped
      ? [missing(place, 'outage', 'it is of another kind than Docker makes it: Docker fails')]
      : []),
    ...[...lost].map(([key, value]): Finding => {
      const { severity, text } = elementLossOf(name, key, surroundings);
      return { ...missing(place, severity, text), rule: elementText(key, value) };
    }),
    ...wrong.map(({ key, expected, live }): Finding => {
      const { severity, text } = elementLossOf(name, key, surroundings);
      return {
        ...missing(place, severity, `it leads elsewhere (${live}): ${text}`),
        rule: elementText(key, expected),
      };
    }),
    ...strays
      .filter(({ key }) => !isAboutSetAside(surroundings, { bridge: key }))
      .map(({ key, live, owner }): Finding => ({
        ...{
          kind: owner === 'leftover' ? 'orphan' : 'extra',
          severity: 'notice',
          rule: elementText(key, live),
        },
        ...place,
        consequence:
          owner === 'leftover'
            ? "leftover of Docker's; left as is: what it is about does not exist any more"
            : "not Docker's, in a table of Docker's own: left as is",
      })),
  ];
}

const strayFinding = ({ owner }: StrayObject, place: FindingPlace): Finding => ({
  ...{ kind: owner === 'leftover' ? 'orphan' : 'extra', severity: 'notice' },
  ...place,
  consequence:
    owner === 'leftover'
      ? "leftover of Docker's; left as is: what it is about does not exist any more"
      : "not Docker's, in a table of Docker's own: left as is, and lost when Docker makes the table anew",
});
