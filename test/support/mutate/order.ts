import type { Rule } from '../../../src/firewall/iptables/text/model.ts';
import { takesFrom } from './samples.ts';

/** Every rule that fits `first` has to stand before every rule that fits `second`. */
interface Invariant {
  readonly chains: readonly string[];
  /** A named group `b` must hold the same bridge on both sides. */
  readonly first: RegExp;
  readonly second: RegExp;
}

const ISOLATION = ['filter DOCKER-ISOLATION-STAGE-1', 'filter DOCKER-ISOLATION-STAGE-2'];
const FORWARD = ['filter FORWARD'];
const DOCKER_FORWARD = ['filter DOCKER-FORWARD'];

/**
 * The order that matters (docs/reference/docker-iptables.md#order-that-matters), as pairs of rules in save's
 * spelling. Written from that table alone, on purpose
 * without a glance at how the program holds it.
 */
const INVARIANTS: readonly Invariant[] = [
  // 1. The user's own filters come first.
  {
    chains: FORWARD,
    first: / -j DOCKER-USER$/,
    second: / -j DOCKER-FORWARD$| -j DOCKER-ISOLATION-STAGE-1$| -[io] \S+ .*-j (?:ACCEPT|DROP|DOCKER)$/,
  },
  // 2. Isolation, before anything of a single network, as Docker has it.
  {
    chains: FORWARD,
    first: / -j DOCKER-ISOLATION-STAGE-1$/,
    second: / -[io] \S+ .*-j (?:ACCEPT|DROP|DOCKER)$/,
  },
  // 4. A network without inter-container traffic: links first, then nothing.
  { chains: FORWARD, first: / -o (?<b>\S+) -j DOCKER$/, second: / -i (?<b>\S+) -o \k<b> -j DROP$/ },
  // 5. Nothing behind a RETURN is ever looked at. In DOCKER-USER that is the user's to decide.
  { chains: ISOLATION, first: / -j (?:DROP|DOCKER-ISOLATION-STAGE-2)$/, second: / -j RETURN$/ },
  // 6. Containers use docker-proxy for the host's ports.
  { chains: ['nat DOCKER'], first: / -i \S+ -j RETURN$/, second: / -j DNAT / },
  // 7. Published ports are opened before the rest is closed.
  {
    chains: ['filter DOCKER'],
    first: / ! -i (?<b>\S+) -o \k<b> .*-j ACCEPT$/,
    second: / DOCKER ! -i (?<b>\S+) -o \k<b> -j DROP$/,
  },
  // 8. Replies, isolation and published ports, before a network's own rules.
  { chains: DOCKER_FORWARD, first: / -j DOCKER-CT$/, second: / -j DOCKER-ISOLATION-STAGE-1$/ },
  { chains: DOCKER_FORWARD, first: / -j DOCKER-ISOLATION-STAGE-1$/, second: / -j DOCKER-BRIDGE$/ },
  {
    chains: DOCKER_FORWARD,
    first: / -j DOCKER-(?:CT|ISOLATION-STAGE-1|BRIDGE)$/,
    second: / -j (?:ACCEPT|DROP)$/,
  },
  { chains: DOCKER_FORWARD, first: / -i (?<b>\S+) -o \k<b> -j DROP$/, second: / -i (?<b>\S+) .*-j ACCEPT$/ },
];

/** Others' rules are no part of the table. */
const fits = ({ first, second }: Invariant, above: string, below: string): boolean => {
  const [a, b] = [first.exec(above), second.exec(below)];
  return a !== null && b !== null && a.groups?.['b'] === b.groups?.['b'];
};

/**
 * Which rules a moved rule has crossed that it must not.
 *
 * @param place - table and chain, as `filter FORWARD`
 * @param from - where the rule stood
 * @param to - where it stands now, both as indexes into the chain without it
 * @returns texts; of others' rules only those that now take its packets
 */
export function wronglyCrossed(
  place: string,
  rules: readonly Rule[],
  moved: Rule,
  to: number,
): readonly string[] {
  const from = rules.indexOf(moved);
  const others = rules.toSpliced(from, 1);
  const invariants = INVARIANTS.filter(({ chains }) => chains.includes(place));
  const isBuiltin = !place.includes(' DOCKER');
  const crossed = to > from ? others.slice(from, to) : others.slice(to, from);
  return crossed
    .map(({ text }) => text)
    .filter((text) => {
      if (to > from && isBuiltin && takesFrom(text, moved.text)) return true;
      return invariants.some((each) =>
        to > from ? fits(each, moved.text, text) : fits(each, text, moved.text),
      );
    });
}
