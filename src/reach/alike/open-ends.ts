import type { End, EndClass } from './end.ts';
import { openAddress, type OpenRules, type Opening } from './open-rules.ts';
import type { KnownNames } from './rule-needs.ts';
import { TextNumbers } from './text-numbers.ts';

/** An end of a question, and the network it is on. */
export interface PlacedEnd {
  readonly end: End;
  readonly own: EndClass;
  readonly bridge: string;
  readonly subnet: string;
}

/** Numbers ends by the rules that only they meet: those of one number meet rules that read alike but for the names of their networks. */
export class OpenEnds {
  /** By class of end: all ends of one are on one network. */
  private readonly known = new Map<number, number | undefined>();
  private readonly numbers = new TextNumbers();
  private readonly rules: OpenRules;
  private readonly names: KnownNames;
  /** In which ports and ranges that anything asks for an end's ports are. */
  readonly portsOf: (end: End) => string;

  constructor(rules: OpenRules, names: KnownNames, portsOf: (end: End) => string) {
    this.rules = rules;
    this.names = names;
    this.portsOf = portsOf;
  }

  /** @returns undefined for an end whose rules name somebody else, or lead there: whom they concern depends on who asks */
  of(placed: PlacedEnd): number | undefined {
    const { id } = placed.own;
    if (!this.known.has(id)) this.known.set(id, this.find(placed));
    return this.known.get(id);
  }

  private find({ end, own, bridge, subnet }: PlacedEnd): number | undefined {
    const { address, port, hostPort } = end;
    const isOfHome = (name: string): boolean => {
      const of = this.names.bridges.get(name);
      return of === undefined || of === bridge;
    };
    const isHomely = own.placed.every(
      ({ needs }) =>
        needs.addresses.every((one) => one === address) &&
        needs.leadsAt.every((one) => one === port || one === hostPort) &&
        [...needs.bridges, ...needs.interfaces, ...needs.blocks].every(isOfHome),
    );
    if (!isHomely || own.elsewhere.length > 0) return undefined;
    const open: Opening = (word, isPort) => {
      if (isPort) return word === String(port) ? 'P' : word === String(hostPort) ? 'H' : undefined;
      return word === bridge ? 'I' : word === subnet ? 'S' : openAddress(word, address, port, 'A');
    };
    return this.numbers.of(
      [
        this.portsOf(end),
        ...own.placed.map(({ rule, between }) => `${between} ${this.rules.spelled(rule, open)}`),
      ].join('\n'),
    );
  }
}
