import { isFirewallTable } from '../../firewall/iptables/ownership/managers.ts';
import { splitWords } from '../../firewall/iptables/text/words.ts';
import { sh } from '../../shell.ts';
import type { Stopped } from '../../trace/path.ts';
import type { Facts } from '../facts/facts.ts';
import { stopOf, type Followed, type Group } from '../paths/follow.ts';
import { isTranslatedElsewhere, translatorOf, untrackerOf } from '../paths/translators.ts';
import { mayBeDockers, whoseStop, type StopPlace } from '../whose.ts';
import { proposal, type Proposal } from './proposal.ts';
import { lettingDiscovery } from './discovery.ts';
import { deleteRule, openPolicy, RESTORE, type RulesTable } from './iptables.ts';
import { isNative, nativeProposals, takeOutNative } from './native.ts';
import type { Proposer } from './offer.ts';
import { openings, ufwRoutes } from './openings.ts';
import { inputKeeper } from './host-firewall.ts';
import { isPolicyKept } from './removal.ts';
import { bridgeFilter, routingProposals } from './routing.ts';

const BRIDGE_FILTER = {
  ipv4: 'bridge/bridge-nf-call-iptables',
  ipv6: 'bridge/bridge-nf-call-ip6tables',
} as const;

/** What may repair a group of paths, by what became of them. */
export const propose: Proposer = (group, facts) => {
  const { first } = group;
  const { outcome } = first;
  const stop = stopOf(first);
  switch (outcome.is) {
    case 'reached':
    case 'detour':
    case 'unknown':
    case 'unserved':
      return [];
    case 'stopped':
      if (stop === undefined) return [];
      if (stop.end.discovers) return lettingDiscovery(discoveryStop(stop), facts);
      if (isTranslatedElsewhere(first)) return byTranslation(first, facts);
      return isNative(stop.end)
        ? nativeProposals(group, { ...stop, end: stop.end }, facts)
        : ruleProposals(group, stop, facts);
    case 'lost':
    case 'elsewhere':
      return routingProposals(group, facts);
    case 'not-undone':
      return undoing(first, facts);
    case 'untranslated':
    case 'mistranslated':
    case 'unmasked':
      return byTranslation(first, facts);
  }
};

const discoveryStop = ({ hook, family, end: { variant, table, native } }: StopPlace) => ({
  ...{ hook, table, isNative: native !== undefined },
  place: { variant, family, table },
});

const FROM_FILE = 'delete it, also from the file it is loaded from';

/** Takes out what translates first, or keeps from it; else gives Docker's translations back. */
function byTranslation(first: Followed, facts: Facts): readonly Proposal[] {
  const { family } = first.path.packet;
  const untracker = untrackerOf(first);
  const met = untracker ?? (first.outcome.is === 'untranslated' ? undefined : translatorOf(first, facts));
  if (met === undefined) return [proposal("restore Docker's translations", RESTORE)];
  if (met.by === 'native') return isFirewallTable(met.table) ? [] : takeOutNative(met, FROM_FILE, facts);
  const table = untracker === undefined ? 'nat' : 'raw';
  return [proposal(FROM_FILE, deleteRule(met.rule, { variant: met.variant, family, table }, facts))];
}

/** Shows bridged packets to iptables, which undoes the translation then. */
function undoing({ path }: Followed, { netState }: Facts): readonly Proposal[] {
  const setting = BRIDGE_FILTER[path.packet.family];
  const isBridged = path.steps.some(({ stage }) => stage === 'bridge');
  return isBridged ? [proposal('show bridged packets to the rules', ...bridgeFilter(setting, netState))] : [];
}

function ruleProposals(group: Group, stop: StopPlace, facts: Facts): readonly Proposal[] {
  const { end, family } = stop;
  const { variant, table, chain, rule } = end;
  const place: RulesTable = { variant, family, table };
  // What a firewall keeps is opened by its own command alone.
  if (inputKeeper(stop, facts) !== undefined) return ufwRoutes(group, stop, facts);
  const narrow = openings(group, stop, facts);
  if (rule === undefined && facts.tables !== undefined)
    return [...ufwRoutes(group, stop, facts), ...openLeft(stop, place, facts), ...narrow];
  if (rule === undefined)
    return variant === facts.variant
      ? [...ufwRoutes(group, stop, facts), ...narrow]
      : [
          proposal(
            "open it: Docker's rules in the other iptables variant still decide",
            openPolicy(chain, place, facts),
          ),
          ...narrow,
        ];
  const whose = whoseStop(stop, facts);
  switch (whose === 'docker' && !mayBeDockers(group.first.request, facts) ? 'other' : whose) {
    case 'docker':
      // Of all that Docker closes only icc=false has an exception in DOCKER-USER.
      return group.first.request.kind === 'same-network' ? narrow : [];
    case 'operator':
      return [...unban(end, place), ...ufwRoutes(group, stop, facts), ...narrow];
    case 'other':
      // A save does not print such a rule in full: iptables would delete another one.
      return rule.printed === undefined
        ? [proposal(FROM_FILE, deleteRule(rule, place, facts)), ...narrow]
        : narrow;
  }
}

/** Docker with nftables sets no policy: one of DROP is left from another time, unless a firewall keeps it. */
function openLeft(stop: StopPlace, place: RulesTable, facts: Facts): readonly Proposal[] {
  const { chain } = stop.end;
  if (chain !== 'FORWARD' || place.table !== 'filter' || isPolicyKept(place, facts.netState)) return [];
  return [
    proposal(
      "let packets pass: what is not published, Docker's own tables close",
      openPolicy(chain, place, facts),
    ),
  ];
}

/** fail2ban's rules come and go by its own command. */
function unban({ rule, chain }: Stopped, place: RulesTable): readonly Proposal[] {
  const jail = /^f2b-(.+)$/.exec(chain)?.[1];
  if (rule === undefined || jail === undefined) return [];
  const { words } = splitWords(rule.text);
  const source = words[words.indexOf('-s') + 1]?.replace(/\/(?:32|128)$/, '');
  if (!words.includes('-s') || source === undefined) return [];
  return [
    proposal('lift the ban', {
      command: sh`fail2ban-client unban ${source}`,
      change: {
        of: 'rules',
        ...{ variant: place.variant, family: place.family },
        input: { table: place.table, steps: [{ op: 'delete', chain, rule }] },
      },
    }),
  ];
}
