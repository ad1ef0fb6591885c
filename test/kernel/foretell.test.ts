import { expect, it } from 'vitest';
import { foretellCommand, foretellRestore } from '../../src/guard/foretell.ts';
import type { Ruleset } from '../../src/iptables/model.ts';
import { parseSave } from '../../src/iptables/parse.ts';
import { facts, quoted, shellLine } from '../support/deeds.ts';
import { deedOn, somePicks, type Deed } from '../support/generate-commands.ts';
import { describeKinds, type Kind } from '../support/kernel.ts';
import { tool, withNetns, type Family } from '../support/netns.ts';
import { recording } from '../support/recordings.ts';

/** Deeds per ruleset; a ruleset is loaded anew after every few, so that later ones meet what earlier ones left. */
const DEEDS = Number(process.env['RULESGUARD_KERNEL_DEEDS'] ?? 140);
const BEFORE_NEW_LOAD = 4;

const RECORDINGS: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ['engine-20.10-mesh', 'engine-26.1-ports', 'engine-28.5-mesh'],
  ipv6: ['engine-20.10-plain', 'engine-26.1-legacy', 'engine-28.5-mesh'],
};

/** What no Engine writes, and is taken on trust all the same when it is typed again. */
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
  readonly deed: Deed;
  readonly before: Ruleset;
  readonly code: number;
  readonly after: Ruleset;
}

const MARK = '@@@@';

/** Does all deeds in one shell, for a start of a program costs more than what it does. */
async function happenings(kind: Kind, name: string): Promise<readonly Happening[]> {
  const { family, backend } = kind;
  const save = `echo ${MARK}; ${tool(family, backend, 'save')}; echo ${MARK}`;
  return await withNetns(async (ns) => {
    for (const text of [recording(name).text[family], beside(family)]) {
      const loaded = await ns.restore(family, backend, text, text.startsWith('*') ? ['-n'] : []);
      expect(loaded).toMatchObject({ code: 0, stderr: '' });
    }
    const base = await ns.save(family, backend);
    const deeds = somePicks(DEEDS, 4).map((picks) => deedOn(parseSave(base).ruleset, picks, family));
    const restore = `printf %s ${quoted(base)} | ${tool(family, backend, 'restore')}`;
    const script = deeds.map((deed, i) =>
      [
        ...(i % BEFORE_NEW_LOAD === 0 ? [restore] : []),
        save,
        `${shellLine(deed, kind)} >/dev/null 2>&1`,
        'echo $?',
        save,
      ].join('\n'),
    );
    const { stdout } = await ns.exec('sh', [], { input: script.join('\n'), timeout: 200_000 });
    const parts = stdout.split(`${MARK}\n`);
    return deeds.map((deed, i) => ({
      deed,
      before: parseSave(parts[4 * i + 1] ?? '').ruleset,
      code: Number(parts[4 * i + 2]),
      after: parseSave(parts[4 * i + 3] ?? '').ruleset,
    }));
  });
}

function foretold({ deed, before }: Happening, { family, backend }: Kind): Ruleset | undefined {
  const empty: Ruleset = { tables: new Map() };
  const rules = { ipv4: empty, ipv6: empty, [family]: before };
  const live = { backend, rules };
  const answer =
    deed.kind !== 'restore'
      ? foretellCommand([family === 'ipv4' ? 'iptables' : 'ip6tables', ...deed.words], live, backend)
      : foretellRestore(family, deed.text, live, deed.noflush);
  return answer?.[family];
}

/** What a deed is counted as. */
function sortOf(deed: Deed): string {
  if (deed.kind === 'restore') return deed.noflush ? 'noflush' : 'flush';
  return deed.kind === 'odd command'
    ? 'odd'
    : (deed.words.find((word) => /^-[ACDFILNPSXZ]$/.test(word)) ?? 'odd');
}

/** The least share of what the tool does that must be foretold, or the claim would hold of a fast path that says nothing. */
function leastShares({ backend }: Kind): Readonly<Record<string, number>> {
  // Nft takes a built-in chain for one that -X removes, and may lack one that -Z names.
  const [X, Z] = backend === 'legacy' ? [1, 1] : [0.25, 0.7];
  return {
    ...{ '-F': 1, '-P': 1, '-S': 1, '-L': 1, '-D': 1, '-C': 1, '-X': X, '-Z': Z },
    ...{ '-N': 0.5, '-A': 0.5, '-I': 0.5, odd: 0.5, flush: 0.2, noflush: 0.2 },
  };
}

describeKinds('what is foretold is what the tool then leaves', (kind) => {
  const names = RECORDINGS[kind.family];
  it(`${String(DEEDS)} commands and files on each of ${String(names.length)} rulesets`, async () => {
    const counts = new Map<string, { done: number; foretold: number }>();
    for (const name of names) {
      for (const happening of await happenings(kind, name)) {
        const { deed, code, after } = happening;
        const answer = foretold(happening, kind);
        const said = `${name}: ${shellLine(deed, kind)} → ${String(code)}`;
        if (code !== 0) expect.soft(answer, said).toBeUndefined();
        if (answer !== undefined) expect.soft(facts(answer), said).toEqual(facts(after));
        const { done, foretold: told } = counts.get(sortOf(deed)) ?? { done: 0, foretold: 0 };
        if (code === 0)
          counts.set(sortOf(deed), { done: done + 1, foretold: told + (answer === undefined ? 0 : 1) });
      }
    }
    for (const [sort, least] of Object.entries(leastShares(kind))) {
      const { done, foretold: told } = counts.get(sort) ?? { done: 0, foretold: 0 };
      expect.soft(done, `${sort} done`).toBeGreaterThan(0);
      expect
        .soft(told / done, `share of ${sort} foretold, ${String(told)} of ${String(done)}`)
        .toBeGreaterThanOrEqual(least);
    }
  });
});
