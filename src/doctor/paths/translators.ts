import type { Variant, Rule } from '../../firewall/iptables/text/model.ts';
import { isDockersTable } from '../../firewall/nftables/ownership/ownership.ts';
import type { PathStep } from '../../trace/path.ts';
import type { Facts } from '../facts/facts.ts';
import { ownerOf } from '../whose.ts';
import type { Followed } from './follow.ts';

/** A rule that a packet met: of iptables, or of one of nftables' own tables. */
export type MetRule =
  | { readonly by: 'rule'; readonly text: string; readonly rule: Rule; readonly variant: Variant }
  | {
      readonly by: 'native';
      readonly text: string;
      readonly table: string;
      readonly chain: string;
      readonly handle: string;
    };

/** The last rule that translated a packet, or kept it from being translated, and that is not Docker's. */
export function translatorOf(
  { path: { steps, packet } }: Followed,
  facts: Pick<Facts, 'owned' | 'variant' | 'tables' | 'leftTables'>,
): MetRule | undefined {
  return steps
    .flatMap((step) => {
      const native = nativeIn(step, /\b(?:dnat|snat|masquerade|redirect)\b/);
      return native ?? (step.stage === 'nat' ? (ruleIn(step) ?? []) : []);
    })
    .findLast((met) =>
      met.by === 'rule'
        ? ownerOf(met.rule, 'nat', packet.family, { variant: met.variant, facts }) === 'foreign'
        : !isDockersTable(met.table) ||
          facts.tables?.isForeign(met) === true ||
          facts.leftTables?.names.includes(met.table) === true,
    );
}

/** The rule that keeps a packet from connection tracking. */
export function untrackerOf({ path: { steps, last } }: Followed): MetRule | undefined {
  if (last.state !== 'UNTRACKED') return undefined;
  const [met] = steps.flatMap((step) => {
    const isRaw = step.stage === 'raw' && / -j (?:CT|NOTRACK)\b/.test(step.rule?.text ?? '');
    return nativeIn(step, /\bnotrack\b/) ?? (isRaw ? (ruleIn(step) ?? []) : []);
  });
  return met;
}

const ruleIn = ({ rule, variant }: PathStep): MetRule | undefined =>
  rule === undefined || variant === undefined ? undefined : { by: 'rule', text: rule.text, rule, variant };

/** A rule of one of nftables' own tables that did something of a kind. */
const nativeIn = ({ stage, chain = '', what, acts, handle }: PathStep, kind: RegExp): MetRule | undefined =>
  handle === undefined || handle === '' || acts !== 'decides' || !kind.test(what)
    ? undefined
    : { by: 'native', text: what, table: stage, chain, handle };

/** Whether a packet was translated to another place than its goal before it was stopped. */
export function isTranslatedElsewhere({ request: { goal }, path: { packet, last } }: Followed): boolean {
  const isTranslated =
    last.destination !== packet.destination || last.destinationPort !== packet.destinationPort;
  return (
    goal.to === 'container' &&
    isTranslated &&
    (last.destination !== goal.address || last.destinationPort !== goal.port)
  );
}
