import type { RuleView } from '../../../firewall/iptables/text/view.ts';
import type { NativeRule } from '../../../firewall/nftables/text/model.ts';

/** Whom alone a rule closes a receiver to, as words of iptables that say it again. */
export interface Senders {
  /** `-s 198.51.100.0/24`, `! -s …`. */
  readonly source: readonly string[];
  /** `-m set ! --match-set allowed src`. */
  readonly matches: readonly string[];
}

/** Options that ask who sends, and the match they belong to. */
const ASKS_SENDER: Readonly<Record<string, string>> = {
  '--match-set': 'set',
  '--src-range': 'iprange',
  '--mac-source': 'mac',
};

/** Options that ask nothing of who sends: of the receiver, of a connection's first packet, and of what is done with it. */
const NEUTRAL: ReadonlySet<string> = new Set([
  ...['--dports', '--ports', '--ctstate', '--state', '--ctdir', '--syn', '--tcp-flags'],
  ...['--comment', '--reject-with'],
]);

/**
 * Whom a rule closes its receiver to; without words, to everybody. A rule that takes its place must ask the same, or it closes the port
 * to those who were to be let in.
 *
 * @returns undefined where it asks more than is said again here
 */
export function sendersOf({ source, sourcePort, options }: RuleView): Senders | undefined {
  const asking = options.filter(({ name }) => !NEUTRAL.has(name));
  if (sourcePort !== undefined || asking.some(({ name }) => ASKS_SENDER[name] === undefined))
    return undefined;
  return {
    source: source === undefined ? [] : [...sign(source.negated), '-s', source.value],
    matches: asking.flatMap(({ name, values, negated }) => [
      ...['-m', ASKS_SENDER[name] ?? ''],
      ...[...sign(negated), name, ...values],
    ]),
  };
}

const sign = (negated: boolean): readonly string[] => (negated ? ['!'] : []);

const ASKS_RECEIVER =
  /^(?:[io]if(?:name)?|ip6? daddr|(?:tcp|udp|th) dport|meta (?:l4proto|nfproto)|ip protocol|ct state)$/;

/** Whether a rule of nftables' own closes its receiver to everybody. */
export const isForEverybody = ({ conditions, doubt }: NativeRule): boolean =>
  doubt === undefined && conditions.every(({ fields }) => fields.every((field) => ASKS_RECEIVER.test(field)));
