import { parseSave } from '../../firewall/iptables/text/parse.ts';
import { printRuleset } from '../../firewall/iptables/text/print.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import type { Chain, HostRules, Rule, Ruleset, Table, Variant } from '../../firewall/iptables/text/model.ts';

/** A rule that iptables-save does not print in full, by its place. */
interface HiddenRule {
  readonly table: string;
  readonly chain: string;
  readonly index: number;
  /** The kernel's own text for it. */
  readonly text: string;
  readonly printed: string;
  readonly handle?: string;
}

/** The rules of one family, as a file of facts has them. */
export interface RulesJson {
  readonly save: string;
  readonly hidden: readonly HiddenRule[];
}

/** The rules of one variant, as a file of facts has them. */
export interface LiveJson {
  readonly variant: Variant;
  readonly version: string | null;
  readonly unverified?: string;
  readonly moving?: readonly string[];
  readonly ipv4: RulesJson;
  readonly ipv6: RulesJson;
}

const chainsIn = ({ tables }: Ruleset): readonly (readonly [Table, Chain])[] =>
  [...tables.values()].flatMap((table) => [...table.chains.values()].map((chain) => [table, chain] as const));

/** The text of a save, and beside it what the save lacks. @param redact - takes secrets out of a text */
export function rulesJson(ruleset: Ruleset, redact: (text: string) => string): RulesJson {
  const hidden = chainsIn(ruleset).flatMap(([table, chain]) =>
    chain.rules.flatMap(({ text, printed, handle }, index): readonly HiddenRule[] =>
      printed === undefined
        ? []
        : [
            {
              ...{
                table: table.name,
                chain: chain.name,
                index,
                text: redact(text),
                printed: redact(printed),
              },
              ...(handle === undefined ? {} : { handle }),
            },
          ],
    ),
  );
  return { save: printRuleset(mapRules(ruleset, asSaved(redact)), 'counters'), hidden };
}

/** A rule as the save printed it: the text of one that is hidden is nft's own, and no line of a save. */
const asSaved =
  (redact: (text: string) => string) =>
  (rule: Rule): Rule => ({ ...rule, text: redact(rule.printed ?? rule.text) });

function mapRules({ tables }: Ruleset, change: (rule: Rule, table: string, index: number) => Rule): Ruleset {
  return {
    tables: new Map(
      [...tables].map(([name, table]) => [
        name,
        {
          ...table,
          chains: new Map(
            [...table.chains].map(([chain, one]) => [
              chain,
              { ...one, rules: one.rules.map((rule, index) => change(rule, name, index)) },
            ]),
          ),
        },
      ]),
    ),
  };
}

/** Reads the rules of one family back. @throws Fault RG_PARSE for a text that is no save */
function rulesFrom({ save, hidden }: RulesJson, source: string): Ruleset {
  const { ruleset } = parseSave(save, source);
  if (hidden.length === 0) return ruleset;
  const marks = new Map(hidden.map((one) => [`${one.table} ${one.chain} ${String(one.index)}`, one]));
  return mapRules(ruleset, (rule, table, index) => {
    const mark = marks.get(`${table} ${rule.chain} ${String(index)}`);
    if (mark === undefined) return rule;
    const { text, printed, handle } = mark;
    return { ...rule, text, printed, ...(handle === undefined ? {} : { handle }) };
  });
}

/** One variant's rules as a file of facts has them. @param redact - takes secrets out of a text */
export function liveJson(
  { variant, version, rules, unverified, moving }: Live,
  redact: (text: string) => string,
): LiveJson {
  return {
    ...{ variant, version: version ?? null },
    ...(unverified === undefined ? {} : { unverified }),
    ...(moving === undefined ? {} : { moving }),
    ipv4: rulesJson(rules.ipv4, redact),
    ipv6: rulesJson(rules.ipv6, redact),
  };
}

/** Both families. @throws Fault RG_PARSE */
export const hostRulesFrom = (
  { ipv4, ipv6 }: Pick<LiveJson, 'ipv4' | 'ipv6'>,
  source: string,
): HostRules => ({ ipv4: rulesFrom(ipv4, source), ipv6: rulesFrom(ipv6, source) });

/** Reads one variant's rules back. @throws Fault RG_PARSE */
export function liveFrom(json: LiveJson, source: string): Live {
  const { variant, version, unverified, moving } = json;
  return {
    ...{ variant, version: version ?? undefined, rules: hostRulesFrom(json, source) },
    ...(unverified === undefined ? {} : { unverified }),
    ...(moving === undefined ? {} : { moving }),
  };
}
