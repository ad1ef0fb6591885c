import type { Rule, Variant } from '../../firewall/iptables/text/model.ts';
import type { Family } from '../../net/family.ts';
import type { RouteRule } from '../../trace/network-state.ts';
import type { ChainWay, Hook, Path, PathEnd, PathStep } from '../../trace/path.ts';
import type { Is } from '../cell.ts';
import type { FollowedCell } from '../follow.ts';

/** What more is known of a decider that ends a packet. */
interface Stopping {
  /** Absent where it ends it in the hook's own chain. */
  readonly led?: ChainWay | undefined;
  /** It ends packets of a connection whose first one was let through: an answer, most often. */
  readonly later?: LaterPacket | undefined;
  /** It ends neighbour discovery. */
  readonly discovers?: true | undefined;
}

/** Of a packet that comes behind the first of its connection. */
export interface LaterPacket {
  /** Where the first one was sent next; '' for the destination itself, or for this host. */
  readonly nextHop: string;
}

/** Of a packet's way; undefined where it is the first of its connection. */
export const laterIn = ({ first }: Pick<Path, 'first'>): LaterPacket | undefined =>
  first && { nextHop: first.end.at === 'sent' ? first.end.nextHop : '' };

/** What decided about a cell: a rule, a policy, a chain of one of nftables' own tables, or the kernel without a rule. */
export type Decider =
  | (Stopping & {
      readonly by: 'rule';
      readonly family: Family;
      readonly hook: Hook;
      readonly variant: Variant;
      readonly table: string;
      readonly chain: string;
      readonly rule: Rule;
    })
  | (Stopping & {
      readonly by: 'policy';
      readonly family: Family;
      readonly hook: Hook;
      readonly variant: Variant;
      readonly table: string;
      readonly chain: string;
    })
  | (Stopping & {
      readonly by: 'native';
      readonly family: Family;
      readonly hook: Hook;
      /** `inet firewalld`. */
      readonly table: string;
      /** '' where only the table is known. */
      readonly chain: string;
      /** As nft lists it; '' for a policy, or where only the table is known. */
      readonly rule: string;
      /** Nft's own for the rule; '' for none. */
      readonly handle: string;
    })
  /** A route, a setting of the kernel's, an interface that is down. */
  | {
      readonly by: 'kernel';
      readonly family: Family;
      readonly why: Extract<PathEnd, { at: 'lost' }>['why'] | 'elsewhere' | 'untranslated' | 'other';
      /** One line, with the interface or address concerned; '' for none. */
      readonly detail: string;
      /** The rule of policy routing that leads the packet elsewhere. */
      readonly routedBy?: RouteRule;
    };

type Acts = NonNullable<PathStep['acts']>;

/** What acted on a path, each once, in order. */
const actingOn = (path: Path, acts: Acts): readonly Decider[] =>
  path.steps.flatMap((step) => (step.acts === acts ? [deciderIn(step, path)] : []));

function deciderIn(step: PathStep, path: Path): Decider {
  const { hook, stage, chain = '', rule, variant, what, handle } = step;
  const { packet, steps, end } = path;
  const stopping =
    end.at === 'stopped' && step === steps.at(-1)
      ? { led: end.led, later: laterIn(path), ...(end.discovers && { discovers: end.discovers }) }
      : {};
  const where = { family: packet.family, hook, table: stage, chain, ...stopping };
  if (variant === undefined)
    return { by: 'native', ...where, rule: handle === '' ? '' : what, handle: handle ?? '' };
  return rule === undefined ? { by: 'policy', ...where, variant } : { by: 'rule', ...where, variant, rule };
}

/** Everything that decided something on the ways of a cell's packets, in order, each once. */
export function actors({ is, trail }: FollowedCell): readonly Decider[] {
  const all = trail.flatMap(({ path }) => actingOn(path, 'decides'));
  if (is.is !== 'unknown') return distinct(all);
  // Only what is not known makes the cell unknown; the first such rule is the path's end, which knows no hook.
  const doubts = trail.flatMap(({ path }) => actingOn(path, 'may'));
  const end = endingOf({ is, trail });
  const isListed = end.by === 'rule' && doubts.some((one) => one.by === 'rule' && one.rule === end.rule);
  return distinct(isListed || end.by === 'kernel' ? doubts : [end, ...doubts]);
}

/** What ended the last path of a cell; of one that is reached, that nothing did. */
export function endingOf({ is, trail }: FollowedCell): Decider {
  const last = trail.at(-1)?.path;
  const family = last?.packet.family ?? 'ipv4';
  const step = last?.steps.at(-1);
  if (is.is === 'unknown' && is.end.at === 'unknown') {
    const { table, chain = '', rule, why } = is.end;
    const hook = step?.hook ?? 'FORWARD';
    if (table?.includes(' ') === true)
      return { by: 'native', family, hook, table, chain, rule: rule?.text ?? '', handle: '' };
    if (table !== undefined && rule !== undefined)
      return { by: 'rule', family, hook, variant: step?.variant ?? 'nft', table, chain, rule };
    return { by: 'kernel', family, why: 'other', detail: why };
  }
  const isStopped = is.is === 'stopped' && is.end.at === 'stopped' && is.outcome.is === 'stopped';
  if (isStopped && last !== undefined && step !== undefined) return deciderIn(step, last);
  const reason = kernelReason(is);
  return (
    (reason.why === 'elsewhere' ? ledAway({ is, trail }) : undefined) ?? { by: 'kernel', family, ...reason }
  );
}

/**
 * The rule of policy routing by which a cell's last packet set out on its way, as what decides; undefined where it was one of those
 * every namespace begins with.
 */
export function ledAway({ trail }: FollowedCell): Extract<Decider, { by: 'kernel' }> | undefined {
  const path = trail.at(-1)?.path;
  const rule = path?.steps.findLast(({ routedBy }) => routedBy !== undefined)?.routedBy;
  if (path === undefined || rule === undefined) return undefined;
  const { family, outInterface } = path.last;
  const detail = `routing rule ${String(rule.priority)} (table ${rule.table}) leads it out by ${outInterface}`;
  return { by: 'kernel', family, why: 'elsewhere', detail, routedBy: rule };
}

function kernelReason(is: Is): Pick<Extract<Decider, { by: 'kernel' }>, 'why' | 'detail'> {
  if (is.is !== 'stopped') return { why: is.is === 'proxied' ? 'untranslated' : 'other', detail: '' };
  const { end, outcome } = is;
  if (end.at === 'lost') return { why: end.why, detail: end.detail };
  if (outcome.is === 'elsewhere' || outcome.is === 'detour')
    return { why: 'elsewhere', detail: `leaves by ${outcome.by}` };
  if (outcome.is === 'unserved') return { why: 'other', detail: 'its docker-proxy is gone' };
  return { why: outcome.is === 'untranslated' ? 'untranslated' : 'other', detail: '' };
}

/** How a decider is known: two with one key are the same. */
export function deciderKey(decider: Decider): string {
  const { by, family } = decider;
  switch (by) {
    case 'rule':
      return [by, family, decider.variant, decider.table, decider.rule.text].join(' ');
    case 'policy':
      return [by, family, decider.variant, decider.table, decider.chain].join(' ');
    case 'native':
      return [by, decider.table, decider.chain, decider.handle, decider.rule].join(' ');
    case 'kernel':
      return [by, family, decider.why, decider.detail].join(' ');
  }
}

const distinct = (deciders: readonly Decider[]): readonly Decider[] => [
  ...new Map(deciders.map((one) => [deciderKey(one), one])).values(),
];
