import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulate } from '../../src/firewall/iptables/simulate/simulate.ts';
import { makeRule } from '../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../src/firewall/iptables/text/parse.ts';
import { printRuleset } from '../../src/firewall/iptables/text/print.ts';
import { renderInput } from '../../src/firewall/iptables/text/restore-input.ts';
import type { RestoreInput, Step } from '../../src/firewall/iptables/text/restore-input.ts';
import { drawings, editsOf } from '../support/generate/edits.ts';
import type { Drawing, Edit } from '../support/generate/edits.ts';
import { bookOf, hosts } from '../support/generate/generate.ts';
import type { Host } from '../support/generate/generate.ts';
import { BEFORE, EDITS } from '../support/kernel-edits.ts';
import { facts } from '../support/kernel-facts.ts';
import type { Claim } from '../support/kernel-facts.ts';
import { describeKinds, losesCounters } from '../support/kernel.ts';
import type { Kind } from '../support/kernel.ts';
import { withNetns } from '../support/netns.ts';
import { oneIn } from '../support/incident/share.ts';

/** Rulesets per variant and family. */
const RUNS = Number(process.env['RULESGUARD_KERNEL_RUNS'] ?? 40);

function stepOf(edit: Edit): Step {
  switch (edit.op) {
    case 'create':
    case 'remove':
      return edit;
    case 'policy':
      return { ...edit, counters: '' };
    case 'append':
    case 'delete':
      return { op: edit.op, chain: edit.chain, rule: makeRule(`-A ${edit.chain} ${edit.spec}`, '1:2') };
    case 'insert': {
      const { op, chain, position, spec } = edit;
      return { op, chain, position, rule: makeRule(`-A ${chain} ${spec}`, '3:4') };
    }
    default:
      return edit satisfies never;
  }
}

/** Tables by name with chain lines and rules; what no rule set differs in (order of chains, empty tables) is left out. */
function contents(save: string, kind: Kind): Record<string, string[]> {
  const counted = !losesCounters(kind);
  const tables = save.split(/^(?=\*)/m).flatMap((text) => {
    const [name = '', ...lines] = text
      .split('\n')
      .filter((line) => !/^(#|$|COMMIT$|:\S+ ACCEPT )/.test(line));
    const plain = lines.map((line) => (counted ? line : line.replace(/^\[\d+:\d+\]/, '[0:0]')));
    const chain = (line: string): string => /-A (\S+)/.exec(line)?.[1] ?? '';
    const heads = plain.filter((line) => line.startsWith(':')).map((line) => line.replace(/ \[.*/, ''));
    const rules = plain.filter((line) => !line.startsWith(':'));
    const sorted = rules
      .map((rule) => [chain(rule), rule] as const)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const content = [...heads.sort(), ...sorted.map(([, rule]) => rule)];
    return name.startsWith('*') && content.length > 0 ? [[name, content] as const] : [];
  });
  return Object.fromEntries(tables);
}

/** Loads the host's rules into a namespace and compares what simulate and the kernel make of the same input. */
async function compare(kind: Kind, host: Host, drawn: readonly Drawing[]): Promise<'applied' | 'refused'> {
  const { family, variant } = kind;
  const book = bookOf(host);
  const input: RestoreInput = {
    tables: editsOf(book, drawn).map(({ table, edits }) => ({ table, steps: edits.map(stepOf) })),
  };
  const { text, origins } = renderInput(input);
  return await withNetns(async (ns) => {
    const loaded = await ns.restore(family, variant, book.text({ counters: true }), ['-c']);
    expect(loaded).toMatchObject({ code: 0, stderr: '' });
    const before = await ns.save(family, variant, ['-c']);
    const foreseen = simulate(parseSave(before).ruleset, input);
    const { code, stderr } = await ns.restore(family, variant, text, ['-n', '-c']);
    const after = await ns.save(family, variant, ['-c']);
    const said = `${text}\n${stderr}`;
    expect(code === 0, `${said}\n${foreseen.refusal?.reason ?? 'foreseen: applied'}`).toBe(
      foreseen.refusal === undefined,
    );
    expect(contents(printRuleset(foreseen.ruleset, 'counters'), kind), said).toEqual(contents(after, kind));
    const line = Number(/line:? (\d+)/.exec(stderr)?.[1]);
    if (code !== 0) expect(origins[line - 1]?.table, said).toBe(foreseen.refusal?.table);
    return code === 0 ? 'applied' : 'refused';
  });
}

describeKinds('simulate foresees what the kernel does', (kind) => {
  it(`on ${String(RUNS)} generated rulesets and inputs`, async () => {
    const verdicts = { applied: 0, refused: 0 };
    const property = fc.asyncProperty(hosts(kind.family), drawings, async (host, drawn) => {
      verdicts[await compare(kind, host, drawn)] += 1;
    });
    await fc.assert(property, {
      numRuns: RUNS,
      interruptAfterTimeLimit: 240_000,
      markInterruptAsFailure: true,
    });
    // A generator that drifts towards one verdict would test half of the claim.
    expect(verdicts.applied).toBeGreaterThanOrEqual(RUNS / 5);
    expect(verdicts.refused).toBeGreaterThanOrEqual(RUNS / 20);
  });
});

/** A line of restore input as a step, where plans have such steps. */
function stepFrom(line: string): Step | undefined {
  const [, command, chain = '', rest = ''] = /^(-[AIDNX]|:)\s*(\S+)\s*(.*)$/.exec(line) ?? [];
  const rule = makeRule(`-A ${chain} ${rest}`);
  const number = /^(\d+) (.*)$/.exec(rest);
  switch (command) {
    case '-N':
      return { op: 'create', chain };
    case '-X':
      return { op: 'remove', chain };
    case '-A':
      return { op: 'append', chain, rule };
    case '-D':
      return rest.startsWith('-') ? { op: 'delete', chain, rule } : undefined;
    case '-I': {
      const [, position = '1', spec = rest] = number ?? [];
      return { op: 'insert', chain, position: Number(position), rule: makeRule(`-A ${chain} ${spec}`) };
    }
    case ':': {
      const [policy = ''] = rest.split(' ');
      return chain === 'INPUT' && policy !== '-' ? { op: 'policy', chain, policy, counters: '' } : undefined;
    }
    default:
      return undefined;
  }
}

/** The edits of the kernel facts that a plan could write, and that both variants agree on. */
const AGREED = EDITS.flatMap(([title, lines, claim]) => {
  const steps = lines.map(stepFrom);
  return steps.every((step) => step !== undefined) && (claim === 'refused' || Array.isArray(claim))
    ? [{ title, steps, claim: claim as Claim }]
    : [];
});

/** A save names the built-in chains first. */
const SAVED = BEFORE.replace('*filter\n', '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n');

describe('simulate gives the kernel’s answer', () => {
  it.each(oneIn(4, AGREED))('$title', ({ steps, claim }) => {
    const { ruleset, refusal } = simulate(parseSave(SAVED).ruleset, {
      tables: [{ table: 'filter', steps }],
    });
    expect(refusal === undefined ? facts(printRuleset(ruleset)) : 'refused').toEqual(claim);
  });
});
