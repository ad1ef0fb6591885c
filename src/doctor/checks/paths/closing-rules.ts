import { DOCKER_CHAINS, USER_CHAIN } from '../../../firewall/iptables/ownership/chain-shapes.ts';
import { managerOf } from '../../../firewall/iptables/ownership/managers.ts';
import { chainTargetOf, jumpGraph } from '../../../firewall/iptables/text/jumps.ts';
import type { Rule, Table, Variant } from '../../../firewall/iptables/text/model.ts';
import {
  targetOf,
  viewRule,
  type RuleCondition,
  type RuleView,
} from '../../../firewall/iptables/text/view.ts';
import { overlapping, sameBlock } from '../../../net/address.ts';
import type { Family } from '../../../net/family.ts';
import { isInterface } from '../../../trace/match/base.ts';
import { portRange } from '../../../trace/match/ports.ts';
import { memory } from '../../../trace/memory.ts';
import type { VariantRules } from '../../../trace/network-state.ts';

/** Whom a packet is for, where a rule sees it. */
export interface Receiver {
  readonly address: string;
  readonly port: number;
  readonly proto: string;
}

/** The interface a packet comes in by, and the one it leaves by. */
export interface Doors {
  readonly by: string;
  readonly out: string;
}

/** A rule that ends packets for some receivers, itself or in a chain it leads to. */
export interface ClosingRule {
  readonly variant: Variant;
  readonly rule: Rule;
  /** The chain it leads to; absent where it ends them itself. */
  readonly into?: string;
  readonly asks: AskedReceivers;
  readonly view: RuleView;
}

/** The receivers a rule asks for: `ports` or `address` is present. */
interface AskedReceivers {
  readonly proto?: string;
  readonly ports?: string;
  /** One address, not a block of them: whoever names a network means what containers ask there. */
  readonly address?: string;
  /** What was asked before any translation, by connection tracking. */
  readonly isOriginal?: true;
}

const NAMES_RECEIVER = / (?:--d?ports?|-d|--ctorigdst(?:port)?) /;
const ENDS = /^(?:DROP|REJECT)$/;
const GOES_ON = /^(?:DROP|REJECT|RETURN|LOG|NFLOG)$/;

const found = memory<readonly ClosingRule[]>();

/**
 * The rules for forwarded packets that close receivers: of DOCKER-USER, of FORWARD, and of every chain they lead to that is not Docker's
 * own. Only those that ask for a receiver; each rule once, in no order that packets keep.
 */
export const closingRules = ({ variant, rules }: VariantRules, family: Family): readonly ClosingRule[] =>
  found(rules, family, () => {
    const filter = rules[family].tables.get('filter');
    if (filter === undefined) return [];
    return [...forwarding(filter)].flatMap((chain) =>
      (filter.chains.get(chain)?.rules ?? []).flatMap((rule) => {
        const closing = closingBy(rule, filter);
        return closing === undefined ? [] : [{ variant, ...closing }];
      }),
    );
  });

/** DOCKER-USER and FORWARD, and the chains they lead to, without Docker's own. */
function forwarding(filter: Table): ReadonlySet<string> {
  const graph = jumpGraph(filter);
  const dockers = new Set(DOCKER_CHAINS['filter']);
  const reached = new Set([USER_CHAIN, 'FORWARD']);
  for (const chain of reached)
    for (const next of graph.get(chain) ?? []) if (!dockers.has(next)) reached.add(next);
  return reached;
}

function closingBy(rule: Rule, filter: Table): Omit<ClosingRule, 'variant'> | undefined {
  // Most rules of a host are not looked at more closely.
  if (!NAMES_RECEIVER.test(rule.text)) return undefined;
  const view = viewRule(rule);
  const asks = asked(view);
  if (asks === undefined) return undefined;
  if (ENDS.test(targetOf(rule.text) ?? '')) return { rule, asks, view };
  const into = chainTargetOf(filter, rule.text);
  if (into === undefined) return undefined;
  const targets = (filter.chains.get(into)?.rules ?? []).map(({ text }) => targetOf(text) ?? '');
  // A ban chain closes what it is led, though nobody may be banned now.
  const isBans = managerOf({ chain: into, text: '' }, filter) === 'fail2ban';
  const isClosing = isBans || targets.some((target) => ENDS.test(target));
  return isClosing && targets.every((target) => GOES_ON.test(target))
    ? { rule, into, asks, view }
    : undefined;
}

/** What a rule asks of the receiver; undefined for one that asks nothing of it, or for all but some. */
function asked(view: RuleView): AskedReceivers | undefined {
  const { protocol, destination } = view;
  const ports = portsIn(view);
  if (ports === undefined && destination === undefined) return askedBefore(view);
  if ([protocol, destination, ports].some((one) => one?.negated === true)) return undefined;
  const address = oneAddress(destination?.value);
  if (destination !== undefined && address === undefined) return undefined;
  return {
    ...(protocol !== undefined && { proto: protocol.value }),
    ...(ports !== undefined && { ports: ports.value }),
    ...(address !== undefined && { address }),
  };
}

/** A block that is one address, as that; undefined for a wider one. */
const oneAddress = (block = ''): string | undefined => /^([^/]+)(?:\/(?:32|128))?$/.exec(block)?.[1];

/** What a rule asks of the receiver that connection tracking remembers. */
function askedBefore({ protocol, options }: RuleView): AskedReceivers | undefined {
  const find = (name: string) => options.find((one) => one.name === name);
  const [port, at, direction] = ['--ctorigdstport', '--ctorigdst', '--ctdir'].map(find);
  if (port === undefined && at === undefined) return undefined;
  if (protocol?.negated === true || port?.negated === true || at?.negated === true) return undefined;
  // Of a connection's answers it ends none of the questions.
  if (direction !== undefined && (direction.negated || direction.values[0] !== 'ORIGINAL')) return undefined;
  const address = oneAddress(at?.values[0]);
  if (at !== undefined && address === undefined) return undefined;
  return {
    isOriginal: true,
    ...(protocol !== undefined && { proto: protocol.value }),
    ...(port !== undefined && { ports: port.values[0] ?? '' }),
    ...(address !== undefined && { address }),
  };
}

/** The receiver's ports that a rule lists. */
function portsIn({ destinationPort, options }: RuleView): RuleCondition | undefined {
  if (destinationPort !== undefined) return destinationPort;
  const several = options.find(({ name }) => name === '--dports' || name === '--ports');
  return several && { value: several.values[0] ?? '', negated: several.negated };
}

/** Whether a rule that asks for these receivers, as its chain sees them, asks for this one. */
export const asksFor = (asks: AskedReceivers, to: Receiver): boolean =>
  asks.isOriginal !== true && names(asks, to);

/** Whether a rule that asks for what was asked before any translation asks for this one. */
export const asksForOriginal = (asks: AskedReceivers, to: Receiver): boolean =>
  asks.isOriginal === true && names(asks, to);

const names = ({ proto, ports, address }: AskedReceivers, to: Receiver): boolean =>
  (proto === undefined || proto === to.proto) &&
  (ports === undefined || holdsPort(ports, to.port)) &&
  (address === undefined || sameBlock(address, to.address));

/**
 * Whether a rule is for packets that come in and leave by these, and not for what containers ask of others.
 *
 * @param subnets - of Docker's networks
 */
export const isForDoors = (
  { inInterface, outInterface, source }: RuleView,
  { by, out }: Doors,
  subnets: readonly string[],
): boolean =>
  isFor(inInterface, by) &&
  isFor(outInterface, out) &&
  !(source?.negated === false && subnets.some((subnet) => overlapping(source.value, subnet)));

const isFor = (asks: RuleCondition | undefined, name: string): boolean =>
  asks === undefined || isInterface(name, asks.value) !== asks.negated;

/** Whether a rule asks for a port of the receiver's by its number, among others; whatever else it asks. */
export function asksPort(rule: Rule, port: number, proto: string): boolean {
  const view = viewRule(rule);
  const ports = portsIn(view);
  return view.protocol?.value === proto && ports?.negated === false && holdsPort(ports.value, port);
}

/** @param ports - as a rule lists them: `80`, `80,443`, `8000:8080` */
const holdsPort = (ports: string, port: number): boolean =>
  ports.split(',').some((one) => {
    const range = portRange(one);
    return range !== undefined && range[0] <= port && port <= range[1];
  });
