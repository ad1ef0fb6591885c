import { expect, it } from 'vitest';
import { predictCommand } from '../../src/firewall/iptables/predict/predict.ts';
import { predictRestore } from '../../src/firewall/iptables/predict/predict-restore.ts';
import type { Ruleset } from '../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../src/firewall/iptables/text/parse.ts';
import { facts, quoted, shellLine } from '../support/generate/shell-lines.ts';
import { commandOn, somePicks, type TypedCommand } from '../support/generate/commands.ts';
import { describeKinds, type Kind } from '../support/kernel.ts';
import { tool, withNetns, type Family } from '../support/netns.ts';
import { recording } from '../support/recorded/recordings.ts';

/** Commands per ruleset; it is loaded again after every few, so that later commands run on what earlier ones left. */
const COMMANDS = Number(process.env['RULESGUARD_KERNEL_COMMANDS'] ?? 70);
const BEFORE_NEW_LOAD = 4;
/** Of so many commands every sort is among those that succeed. */
const ALL_SORTS = 140;

const RECORDINGS: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ['engine-20.10-mesh', 'engine-26.1-ports', 'engine-28.5-mesh'],
  ipv6: ['engine-20.10-plain', 'engine-26.1-legacy', 'engine-28.5-mesh'],
};

/** Rules that no Engine writes, but that can be predicted when they are typed again. */
const beside = (family: Family): string =>
  [
    '*filter',
    ':f2b - [0:0]',
    ':empty - [0:0]',
    '-A INPUT -p tcp -m multiport --dports 22,2222 -j f2b',
    String.raw`-A INPUT -i eth1 -m comment --comment "it\'s \"mine\"" -j ACCEPT`,
    '-A INPUT -m comment --comment plain -m conntrack --ctstate NEW -j DROP',
    '-A INPUT -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[BLOCK] "',
    family === 'ipv4'
      ? '-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT'
      : '-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT',
    '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
    '-A INPUT -i eth0 -j DROP',
    '-A INPUT -i eth0 -j DROP',
    `-A f2b -j REJECT --reject-with ${family === 'ipv4' ? 'icmp' : 'icmp6'}-port-unreachable`,
    '-A f2b -j RETURN',
    'COMMIT',
    '',
  ].join('\n');

interface Happening {
  readonly command: TypedCommand;
  readonly before: Ruleset;
  readonly code: number;
  readonly after: Ruleset;
}

const MARK = '@@@@';

/** Runs all commands in one shell, because starting one for each would take longer than the commands. */
async function happenings(kind: Kind, name: string): Promise<readonly Happening[]> {
  const { family, variant } = kind;
  const save = `echo ${MARK}; ${tool(family, variant, 'save')}; echo ${MARK}`;
  return await withNetns(async (ns) => {
    for (const text of [recording(name).text[family], beside(family)]) {
      const loaded = await ns.restore(family, variant, text, text.startsWith('*') ? ['-n'] : []);
      expect(loaded).toMatchObject({ code: 0, stderr: '' });
    }
    const base = await ns.save(family, variant);
    const commands = somePicks(COMMANDS, 4).map((picks) => commandOn(parseSave(base).ruleset, picks, family));
    const restore = `printf %s ${quoted(base)} | ${tool(family, variant, 'restore')}`;
    const script = commands.map((command, i) =>
      [
        ...(i % BEFORE_NEW_LOAD === 0 ? [restore] : []),
        save,
        `${shellLine(command, kind)} >/dev/null 2>&1`,
        'echo $?',
        save,
      ].join('\n'),
    );
    const { stdout } = await ns.exec('sh', [], { input: script.join('\n'), timeout: 200_000 });
    const parts = stdout.split(`${MARK}\n`);
    return commands.map((command, i) => ({
      command,
      before: parseSave(parts[4 * i + 1] ?? '').ruleset,
      code: Number(parts[4 * i + 2]),
      after: parseSave(parts[4 * i + 3] ?? '').ruleset,
    }));
  });
}

function predicted({ command, before }: Happening, { family, variant }: Kind): Ruleset | undefined {
  const empty: Ruleset = { tables: new Map() };
  const rules = { ipv4: empty, ipv6: empty, [family]: before };
  const live = { variant, rules };
  const answer =
    command.kind !== 'restore'
      ? predictCommand([family === 'ipv4' ? 'iptables' : 'ip6tables', ...command.words], live, variant)
      : predictRestore(family, command.text, live, command.noflush);
  return answer?.[family];
}

/** The kind a command is counted as. */
function sortOf(command: TypedCommand): string {
  if (command.kind === 'restore') return command.noflush ? 'noflush' : 'flush';
  return command.kind === 'odd command'
    ? 'odd'
    : (command.words.find((word) => /^-[ACDFILNPSXZ]$/.test(word)) ?? 'odd');
}

/** The least share of commands that must be predicted: otherwise the test would pass if nothing were predicted. */
function leastShares({ variant }: Kind): Readonly<Record<string, number>> {
  // Nft takes a built-in chain for one that -X removes, and may lack one that -Z names.
  const [X, Z] = variant === 'legacy' ? [1, 1] : [0.25, 0.7];
  return {
    ...{ '-F': 1, '-P': 1, '-S': 1, '-L': 1, '-D': 1, '-C': 1, '-X': X, '-Z': Z },
    ...{ '-N': 0.5, '-A': 0.5, '-I': 0.5, odd: 0.5, flush: 0.2, noflush: 0.2 },
  };
}

describeKinds('a prediction equals what the tool leaves', (kind) => {
  const names = RECORDINGS[kind.family];
  it(`${String(COMMANDS)} commands and files on each of ${String(names.length)} rulesets`, async () => {
    const counts = new Map<string, { done: number; predicted: number }>();
    for (const name of names) {
      for (const happening of await happenings(kind, name)) {
        const { command, code, after } = happening;
        const answer = predicted(happening, kind);
        const said = `${name}: ${shellLine(command, kind)} → ${String(code)}`;
        if (code !== 0) expect.soft(answer, said).toBeUndefined();
        if (answer !== undefined) expect.soft(facts(answer), said).toEqual(facts(after));
        const { done, predicted: sum } = counts.get(sortOf(command)) ?? { done: 0, predicted: 0 };
        if (code === 0)
          counts.set(sortOf(command), { done: done + 1, predicted: sum + (answer === undefined ? 0 : 1) });
      }
    }
    for (const [sort, least] of Object.entries(leastShares(kind))) {
      const { done, predicted: sum } = counts.get(sort) ?? { done: 0, predicted: 0 };
      // Of few commands none may be of a sort, or all of it refused.
      if (done === 0 && COMMANDS < ALL_SORTS) continue;
      expect.soft(done, `${sort} done`).toBeGreaterThan(0);
      expect
        .soft(sum / done, `share of ${sort} predicted, ${String(sum)} of ${String(done)}`)
        .toBeGreaterThanOrEqual(least);
    }
  });
});
