import { type HostRules, BUILTIN_CHAINS, isBuiltin, type Chain, type Table } from '../text/model.ts';
import type { Family } from '../../../net/family.ts';
import { Fault } from '../../../fault.ts';
import { parseSave } from '../text/parse.ts';
import type { Step, TableInput } from '../text/restore-input.ts';
import type { Save } from '../text/save.ts';
import { isPlainChainName } from '../text/spelling.ts';
import type { LiveRules } from './live-rules.ts';
import { afterSteps, writtenRule } from './predict-rule.ts';

/**
 * The rules that loading a file of iptables-save leaves, computed in memory. Certain only if every rule of the
 * file is already in the same chain or is of a plain shape: a header proves nothing, people edit saved files.
 *
 * @param text - the file, latin1
 * @param noflush - loaded with `--noflush`: what the file does not name stays
 * @returns undefined whenever that is not certain, and for a file that restore would refuse; see {@link predictCommand}
 */
export function predictRestore(
  family: Family,
  text: string,
  live: LiveRules,
  noflush: boolean,
): HostRules | undefined {
  const save = readSave(text);
  if (save === undefined) return undefined;
  const before = new Map(live.rules[family].tables);
  const inputs: TableInput[] = [];
  for (const table of save.ruleset.tables.values()) {
    const existing = before.get(table.name);
    // An empty table may exist in the kernel without being in any save.
    if (existing === undefined) return undefined;
    const steps = stepsOf(table, existing, family, noflush);
    if (steps === undefined) return undefined;
    before.set(table.name, noflush ? withEmptied(existing, table) : emptied(table.name));
    inputs.push({ table: table.name, steps });
  }
  const ruleset = afterSteps({ tables: before }, { tables: inputs });
  return ruleset && { ...live.rules, [family]: ruleset };
}

/** Whether both variants load the whole file: chains before rules, counters behind each chain, a newline at the end. */
function readSave(text: string): Save | undefined {
  if (/[^\t\n\x20-\x7e\x80-\xff]/.test(text) || !text.endsWith('\n')) return undefined;
  try {
    const save = parseSave(text);
    const late = save.items.some(
      (item, i) => 'kind' in item && item.kind === 'chain' && !('kind' in (save.items[i - 1] ?? item)),
    );
    return late ? undefined : save;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function stepsOf(
  table: Table,
  existing: Table,
  family: Family,
  noflush: boolean,
): readonly Step[] | undefined {
  const steps: Step[] = [];
  const appends: Step[] = [];
  for (const chain of table.chains.values()) {
    const declared = declaration(chain, table.name, noflush && existing.chains.has(chain.name));
    if (declared === undefined) return undefined;
    steps.push(...declared);
    const texts = new Set((existing.chains.get(chain.name)?.rules ?? []).map((rule) => rule.text));
    for (const written of chain.rules) {
      const rule = writtenRule(written, { family, table: table.name, chain: chain.name }, texts);
      if (rule === undefined) return undefined;
      appends.push({ op: 'append', chain: chain.name, rule });
    }
  }
  // Nft opens a chain that a flushing file leaves out, legacy keeps its policy.
  const complete = noflush || (BUILTIN_CHAINS[table.name] ?? []).every((name) => table.chains.has(name));
  return complete ? [...steps, ...appends] : undefined;
}

/** The step of a chain line; no step for a user chain that exists already and is emptied by it. */
function declaration(chain: Chain, table: string, existing: boolean): readonly Step[] | undefined {
  const { name, policy, counters } = chain;
  // With `-c` restore requires counters; and a chain without them may not have been in the file, so it has no policy either.
  if (counters === '') return undefined;
  if (isBuiltin(table, name))
    return policy === 'ACCEPT' || policy === 'DROP'
      ? [{ op: 'policy', chain: name, policy, counters: '' }]
      : undefined;
  if (policy !== '-' || !isPlainChainName(name)) return undefined;
  return existing ? [] : [{ op: 'create', chain: name }];
}

const emptied = (name: string): Table => ({ name, chains: new Map() });

/** A user chain that a file declares loses its rules even under `--noflush`. */
function withEmptied({ name, chains }: Table, declared: Table): Table {
  return {
    name,
    chains: new Map(
      [...chains].map(([chain, existing]) => [
        chain,
        declared.chains.has(chain) && !isBuiltin(name, chain) ? { ...existing, rules: [] } : existing,
      ]),
    ),
  };
}
