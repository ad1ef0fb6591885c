import { Fault } from '../../../fault.ts';
import { FAMILIES, type Family } from '../../../net/family.ts';
import type { OwnedChain, OwnedHost, OwnedRule, OwnedTables } from '../ownership/ownership.ts';
import { undeclarable } from '../ownership/undeclarable.ts';
import type { DeclaredTable } from '../../nftables/text/declared-table.ts';
import { makeRule, type Chain, type Rule } from '../text/model.ts';
import { parseSave } from '../text/parse.ts';
import { printRuleset } from '../text/print.ts';

/** What the operator wants of one family, as `/etc/rulesguard/docker-user.v4` or `.v6` says it. */
export interface DeclaredFamily {
  /** Of DOCKER-USER, in order, in iptables-save's own spelling. */
  readonly rules: readonly Rule[];
  /** Whether FORWARD's policy is to be DROP; nobody can declare ACCEPT. */
  readonly closesForward: boolean;
}

/** What is declared; a family without a file is not. */
export interface Declaration extends Readonly<Partial<Record<Family, DeclaredFamily>>> {
  /** Tables of nftables that are the operator's own; absent where none is declared. */
  readonly tables?: readonly DeclaredTable[] | undefined;
}

const CHAIN = 'DOCKER-USER';

/**
 * Reads a declaration: what `iptables-restore --noflush` loads, of table filter, chain DOCKER-USER and FORWARD's policy alone. Comments and
 * counters are allowed and mean nothing.
 *
 * @param text - the file as latin1
 * @param source - its path
 * @throws Fault RG_DECLARED naming the line
 */
export function parseDeclared(text: string, source: string): DeclaredFamily {
  const fail = (line: number, what: string, raw?: string): never => {
    throw new Fault('RG_DECLARED', 2, `the declaration ${source} is not used: line ${String(line)} ${what}`, {
      ...(raw === undefined ? {} : { details: [raw] }),
      hint: `Correct that line, or write the file again from the rules that are live: rulesguard snapshot --declare`,
    });
  };
  const { ruleset, items } = parsed(text, source);
  let line = 1;
  const seen = new Set<string>();
  for (const item of items) {
    const { raw } = item;
    if ('kind' in item) {
      if (item.kind === 'table' && !/^\* *filter\s*$/.test(raw)) fail(line, 'is not in table filter', raw);
      if (item.kind === 'chain' && !/^: *(?:DOCKER-USER +-|FORWARD +DROP)(?: |\s*$)/.test(raw))
        fail(line, 'declares something other than chain DOCKER-USER, or DROP as the policy of FORWARD', raw);
    } else {
      const why =
        item.chain === CHAIN
          ? seen.has(item.text)
            ? 'is listed twice'
            : undeclarable(item)
          : 'is a rule of another chain than DOCKER-USER';
      if (why !== undefined) fail(line, why, item.text);
      seen.add(item.text);
    }
    line += raw.split('\n').length;
  }
  const chains = ruleset.tables.get('filter')?.chains;
  return {
    rules: chains?.get(CHAIN)?.rules.map(({ text: rule }) => makeRule(rule)) ?? [],
    closesForward: chains?.get('FORWARD') !== undefined,
  };
}

function parsed(text: string, source: string): ReturnType<typeof parseSave> {
  try {
    return parseSave(text, source);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault('RG_DECLARED', 2, `the declaration is not used: ${error.message}`, {
      details: error.details,
      hint: 'Correct that line, or write the file again from the rules that are live: rulesguard snapshot --declare',
    });
  }
}

/** A declaration as {@link parseDeclared} reads it, latin1. */
export function printDeclared({ rules, closesForward }: DeclaredFamily): string {
  const chains: readonly Chain[] = [
    ...(closesForward ? [{ name: 'FORWARD', policy: 'DROP', counters: '', rules: [] }] : []),
    { name: CHAIN, policy: '-', counters: '', rules },
  ];
  const filter = { name: 'filter', chains: new Map(chains.map((chain) => [chain.name, chain])) };
  return `# Rules of DOCKER-USER that rulesguard holds: docs/declared-rules.md\n${printRuleset({ tables: new Map([['filter', filter]]) })}`;
}

/** Whether anything of DOCKER-USER or FORWARD is declared. */
export const declaresAnything = (declaration: Declaration | undefined): declaration is Declaration =>
  FAMILIES.some((family) => declaration?.[family] !== undefined);

/**
 * What should be there, with what is declared in it: it takes the place of what a baseline holds of DOCKER-USER, in front of Docker's own
 * RETURN, and of a recorded policy of FORWARD.
 */
export function withDeclared(owned: OwnedHost, declaration: Declaration | undefined): OwnedHost {
  if (!declaresAnything(declaration)) return owned;
  const of = (family: Family): OwnedTables => {
    const declared = declaration[family];
    const tables = owned.families[family];
    if (declared === undefined) return tables;
    const chains = new Map(tables.get('filter'));
    const rules = declared.rules.map((rule): OwnedRule => ({ rule, owner: 'shared', declared: true }));
    const user = chains.get(CHAIN);
    const dockers = user?.rules.filter(({ owner }) => owner === 'docker') ?? [];
    chains.set(CHAIN, { ...(user ?? emptyChain(CHAIN, 'shared')), rules: [...rules, ...dockers] });
    if (declared.closesForward)
      chains.set('FORWARD', {
        ...(chains.get('FORWARD') ?? emptyChain('FORWARD', 'foreign')),
        policy: 'DROP',
        closesByDeclaration: true,
      });
    return new Map([...tables, ['filter', chains]]);
  };
  return { ...owned, families: { ipv4: of('ipv4'), ipv6: of('ipv6') } };
}

const emptyChain = (name: string, owner: OwnedChain['owner']): OwnedChain => ({
  ...{ table: 'filter', name, builtin: name !== CHAIN, owner, unknown: false },
  ...{ policy: name === CHAIN ? '-' : '', policyCounters: '', rules: [] },
});
