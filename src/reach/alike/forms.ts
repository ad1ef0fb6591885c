import { blockOf, overlap } from '../../net/address.ts';
import type { Rule } from '../../firewall/iptables/text/model.ts';
import type { Concerned, ConcernedRules } from './concerned-rules.ts';
import type { End, EndClass } from './end.ts';
import type { AlikeNetworks, NetworkNature } from './networks.ts';
import type { OpenEnds } from './open-ends.ts';
import { openAddress, type Opening, type OpenRules } from './open-rules.ts';
import type { PlacedRule } from './rule-index.ts';
import { TextNumbers } from './text-numbers.ts';

/** A question as far as rules and routing can tell it from others. */
export interface AskedEnds {
  /** Address of the container that asks; '' for another asker. */
  readonly from: string;
  /** Bridge that it is on; '' for another asker. */
  readonly fromBridge: string;
  /** Who is asked; without a bridge nobody of this host's containers is. */
  readonly end: End;
  readonly own: EndClass;
  readonly bridge: string;
  /** Of a container that asks another one. */
  readonly fromOwn: EndClass | undefined;
  /** In which order the two meet the rules that only one of them has. */
  readonly order: string;
  readonly concerned: () => Concerned;
  /** Addresses that are neither's own. */
  readonly others: readonly string[];
}

/** The networks of a question. */
interface AskedNetworks {
  readonly asking: NetworkNature | undefined;
  readonly asked: NetworkNature | undefined;
}

interface FormParts {
  readonly networks: AlikeNetworks;
  readonly rules: OpenRules;
  readonly ends: OpenEnds;
  readonly concerned: ConcernedRules;
  /** Whether an address is nobody's but a container's: neither this host's, nor a broadcast. */
  readonly isOrdinary: (address: string) => boolean;
}

/** A question with the names of its networks and containers left open, and what stands for them. */
export interface Form {
  /** Questions with one key fare alike, each with its own names. */
  readonly key: string;
  /** The rules that only some packets meet, in the same order for each of them. */
  readonly rules: () => readonly PlacedRule[];
  readonly addresses: readonly string[];
}

/** Brings questions of different networks into a form in which those that fare alike are equal. */
export class Forms {
  private readonly numbers = new TextNumbers();
  /** By what stands for a network's names: a number for each of its rules, as it reads then. */
  private readonly networkRules = new Map<string, Map<PlacedRule, number>>();
  private readonly pairs = new WeakMap<readonly PlacedRule[], Map<string, number>>();
  /** By address and bridge: whether it is an ordinary one of that network. */
  private readonly home = new Map<string, boolean>();
  private readonly parts: FormParts;

  constructor(parts: FormParts) {
    this.parts = parts;
  }

  /**
   * @param said - all else that tells the question from others, as text
   * @returns undefined where the question fares like no other network's, or that is not known
   */
  of(ends: AskedEnds, said: string): Form | undefined {
    const { from, fromBridge, end, bridge } = ends;
    const asking = fromBridge === '' ? undefined : this.parts.networks.of(fromBridge);
    const asked = bridge === '' ? undefined : this.parts.networks.of(bridge);
    if ((fromBridge !== '' && asking === undefined) || (bridge !== '' && asked === undefined))
      return undefined;
    if (asking === undefined && asked === undefined) return undefined;
    if (!this.isAtHome(from, asking) || (asked && !this.isAtHome(end.address, asked))) return undefined;
    const networks = { asking, asked };
    return this.numbered(ends, networks, said) ?? this.spelled(ends, networks, said);
  }

  /**
   * The form by what each network and each end is, without a look at all the rules that concern the question.
   *
   * @returns undefined where somebody else has a part in it
   */
  private numbered(ends: AskedEnds, { asking, asked }: AskedNetworks, said: string): Form | undefined {
    const { from, end, own, fromOwn, others, order } = ends;
    if (asked === undefined || end.port === 0 || !this.parts.concerned.isApart(others)) return undefined;
    const to = this.parts.ends.of({ end, own, ...asked });
    const by =
      asking === undefined || fromOwn === undefined
        ? ''
        : this.parts.ends.of({ end: { address: from, port: 0, hostPort: 0 }, own: fromOwn, ...asking });
    const bridges = asking === undefined ? [asked.bridge] : [asking.bridge, asked.bridge];
    const { rules, leadsTo } = this.parts.concerned.between(bridges);
    if (to === undefined || by === undefined || leadsTo.length > 0) return undefined;
    const placed = fromOwn === undefined ? own.placed : [...own.placed, ...fromOwn.placed];
    let stands = '';
    for (const one of placed) stands += ` ${String(passed(rules, one))}`;
    const key = [
      ...[said, this.naturesOf({ asking, asked })],
      ...[this.networkPart(rules, asking, asked), to, by, order, stands],
    ].join(' ');
    return { key, rules: () => [...rules, ...placed], addresses: addressesOf(ends, { asking, asked }) };
  }

  /** The form by all rules that concern the question. */
  private spelled(ends: AskedEnds, { asking, asked }: AskedNetworks, said: string): Form | undefined {
    const { from, end, others } = ends;
    const own = [asking, asked].filter((one) => one !== undefined);
    if (others.some((address) => own.some((network) => isWithin(address, network)))) return undefined;
    const open = (word: string): string | undefined =>
      (asking && openNetwork(word, asking, ASKING)) ?? (asked && openNetwork(word, asked, ASKED));
    const concerned = ends.concerned();
    const texts = this.ownRules(concerned, { from, end, open });
    if (texts === undefined) return undefined;
    const key = [
      said,
      this.parts.ends.portsOf(end),
      this.naturesOf({ asking, asked }),
      this.networkPart(concerned.networks, asking, asked),
      ...texts,
    ].join('\n');
    return {
      key,
      rules: () => [...concerned.networks, ...concerned.ends],
      addresses: addressesOf(ends, { asking, asked }),
    };
  }

  private naturesOf({ asking, asked }: AskedNetworks): string {
    const by = asking === undefined ? '' : String(this.numbers.of(asking.nature));
    const to = asked === undefined ? '' : asked === asking ? 'same' : String(this.numbers.of(asked.nature));
    return `${by} ${to}`;
  }

  private isAtHome(address: string, network: NetworkNature | undefined): boolean {
    if (network === undefined) return true;
    const name = `${address} ${network.bridge}`;
    const found = this.home.get(name) ?? (isWithin(address, network) && this.parts.isOrdinary(address));
    this.home.set(name, found);
    return found;
  }

  /** A number for the rules of two networks, as they read when their names are left open. */
  private networkPart(
    rules: readonly PlacedRule[],
    asking: NetworkNature | undefined,
    asked: NetworkNature | undefined,
  ): number {
    const known = this.pairs.get(rules) ?? new Map<string, number>();
    this.pairs.set(rules, known);
    const pair = `${asking?.bridge ?? ''} ${asked?.bridge ?? ''}`;
    const found =
      known.get(pair) ??
      this.numbers.of(
        rules
          .map((one) => {
            const [bridge] = one.needs.bridges;
            if (bridge === asking?.bridge) return this.numberOf(one, asking, ASKING);
            return bridge === asked?.bridge
              ? this.numberOf(one, asked, ASKED)
              : this.numberOf(one, undefined, '');
          })
          .join(' '),
      );
    known.set(pair, found);
    return found;
  }

  private numberOf(one: PlacedRule, network: NetworkNature | undefined, as: string): number {
    const known = this.networkRules.get(as) ?? new Map<PlacedRule, number>();
    this.networkRules.set(as, known);
    const found =
      known.get(one) ??
      this.numbers.of(
        `${one.between} ${this.parts.rules.spelled(one.rule, (word) => network && openNetwork(word, network, as))}`,
      );
    known.set(one, found);
    return found;
  }

  /**
   * The rules for one address or port, each with where it stands among those of the networks.
   *
   * @returns undefined where one leads to another container than the one asked, or to another port of it
   */
  private ownRules(
    { networks, ends }: Concerned,
    { from, end, open }: Pick<AskedEnds, 'from' | 'end'> & { readonly open: Opening },
  ): readonly string[] | undefined {
    const { address, port, hostPort } = end;
    const [inside, outside] = [String(port), String(hostPort)];
    const opened: Opening = (word, isPort) => {
      if (isPort)
        return port !== 0 && word === inside ? 'P' : hostPort !== 0 && word === outside ? 'H' : undefined;
      return open(word, false) ?? openAddress(word, address, port, 'A') ?? openAddress(word, from, 0, 'F');
    };
    const texts: string[] = [];
    for (const { rule, needs, order, between } of ends) {
      if (needs.leadsTo.length > 0 && !leadsTo(rule, address, port)) return undefined;
      texts.push(
        `${String(passed(networks, { order }))} ${between} ${this.parts.rules.spelled(rule, opened)}`,
      );
    }
    return texts;
  }
}

/** How many rules of networks stand before another one. */
function passed(networks: readonly PlacedRule[], { order }: Pick<PlacedRule, 'order'>): number {
  let count = 0;
  for (const one of networks) if (one.order < order) count++;
  return count;
}

const addressesOf = ({ from, end }: AskedEnds, { asking, asked }: AskedNetworks): readonly string[] => [
  ...[from, end.address, asking?.gateway, asked?.gateway].filter((one) => one !== undefined),
];

const [ASKING, ASKED] = ['1', '2'];

/** Leaves a network's names open. @param as - what tells it from the other one */
const openNetwork = (word: string, { bridge, subnet }: NetworkNature, as: string): string | undefined =>
  word === bridge ? `I${as}` : word === subnet ? `S${as}` : undefined;

const isWithin = (address: string, { block }: NetworkNature): boolean => {
  const own = blockOf(address);
  return own !== undefined && overlap(own, block);
};

/** Whether all that a rule translates to is a container, at the port that is asked of it. */
const leadsTo = ({ text }: Rule, address: string, port: number): boolean => {
  const words = text.split(' ');
  return words.every(
    (word, i) =>
      !word.startsWith('--to-') || openAddress(words[i + 1] ?? '', address, port, 'A') !== undefined,
  );
};
