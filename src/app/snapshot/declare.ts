import type { Declaration, DeclaredFamily } from '../../firewall/iptables/desired/declared.ts';
import { contentHindrance } from '../../firewall/iptables/desired/recordable.ts';
import { endsChain, undeclarable } from '../../firewall/iptables/ownership/undeclarable.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import { chainOf, makeRule, type Rule, type RuleName } from '../../firewall/iptables/text/model.ts';
import { Fault } from '../../fault.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import { readSettled } from '../observe/settled.ts';
import type { Host } from '../ports.ts';

/** What declaring touches of a host. */
export interface DeclareHost extends Pick<
  Host,
  'beginReading' | 'readVariant' | 'now' | 'sleep' | 'withLock'
> {
  readonly readDeclared: () => Promise<Declaration>;
  readonly writeDeclared: (family: Family, declared: DeclaredFamily) => Promise<void>;
}

/** What the live rules of one family declare, and what is declared by now. */
export interface FamilyDeclared {
  readonly family: Family;
  readonly before: DeclaredFamily | undefined;
  readonly after: DeclaredFamily;
}

/** What became of a declaration. */
export interface Declared {
  /** `unwritten`: it replaces one, and nobody said that it may. */
  readonly outcome: 'written' | 'unchanged' | 'unwritten';
  readonly families: readonly FamilyDeclared[];
  /** Rules of DOCKER-USER that are let be, each with the rest of a sentence that says why. */
  readonly leftBe: readonly (RuleName & { readonly rule: string; readonly why: string })[];
}

/**
 * Declares the live rules of DOCKER-USER, and FORWARD's policy where it is DROP: what is held from now on. A family without the chain stays as it
 * is declared.
 *
 * @param replaces - whether what is declared by now may be replaced
 * @throws Fault RG_NO_DOCKER_RULES where there is no DOCKER-USER, RG_UNSETTLED, RG_DECLARED
 */
export function declare(host: DeclareHost, replaces: boolean): Promise<Declared> {
  return host.withLock(async () => {
    const live = await readSettled(host);
    const hindrance = contentHindrance(undefined, live);
    if (hindrance !== undefined)
      throw new Fault(
        'RG_UNSETTLED',
        3,
        `nothing was declared: what is in DOCKER-USER is not known: ${hindrance}`,
        {
          hint: 'Try again in a moment: rulesguard snapshot --declare',
        },
      );
    const declared = await host.readDeclared();
    const read = FAMILIES.flatMap((family) => liveContent(live, family));
    if (read.length === 0)
      throw new Fault('RG_NO_DOCKER_RULES', 3, 'there is no chain DOCKER-USER to declare rules of', {
        hint: "Docker makes it when it starts, with iptables on: docker info. Where it writes with nftables declare a table of your own: rulesguard snapshot --declare --table 'inet NAME'",
      });
    const families = read.map(({ family, after }) => ({ family, before: declared[family], after }));
    const leftBe = read.flatMap((one) => one.leftBe);
    const changed = families.filter(({ before, after }) => !isSame(before, after));
    if (changed.length === 0) return { outcome: 'unchanged', families: [], leftBe };
    if (!replaces && changed.some(({ before }) => before !== undefined))
      return { outcome: 'unwritten', families: changed, leftBe };
    for (const { family, after } of changed) await host.writeDeclared(family, after);
    return { outcome: 'written', families: changed, leftBe };
  });
}

interface Content extends Pick<Declared, 'leftBe'> {
  readonly family: Family;
  readonly after: DeclaredFamily;
}

function liveContent({ rules }: Live, family: Family): readonly Content[] {
  const chain = chainOf(rules[family], 'filter', 'DOCKER-USER');
  if (chain === undefined) return [];
  const end = chain.rules.findIndex(({ text }) => endsChain(text));
  const reached = end === -1 ? chain.rules : chain.rules.slice(0, end);
  const behind = end === -1 ? [] : chain.rules.slice(end + 1).filter(({ text }) => !endsChain(text));
  const seen = new Set<string>();
  const why = (rule: Rule): string | undefined => {
    const is = seen.has(rule.text) ? 'is listed twice' : undeclarable(rule);
    seen.add(rule.text);
    return is;
  };
  const judged = reached.map((rule) => ({ rule, why: why(rule) }));
  const left = [
    ...judged.flatMap((one) => (one.why === undefined ? [] : [{ rule: one.rule, why: one.why }])),
    ...behind.map((rule) => ({ rule, why: 'is never reached: a RETURN before it ends the chain' })),
  ];
  return [
    {
      family,
      after: {
        rules: judged.flatMap((one) => (one.why === undefined ? [makeRule(one.rule.text)] : [])),
        closesForward: chainOf(rules[family], 'filter', 'FORWARD')?.policy === 'DROP',
      },
      leftBe: left.map(({ rule, why: reason }) => ({
        ...{ family, table: 'filter', chain: 'DOCKER-USER', rule: rule.printed ?? rule.text, why: reason },
      })),
    },
  ];
}

const isSame = (a: DeclaredFamily | undefined, b: DeclaredFamily): boolean =>
  a !== undefined &&
  a.closesForward === b.closesForward &&
  JSON.stringify(a.rules.map(({ text }) => text)) === JSON.stringify(b.rules.map(({ text }) => text));
