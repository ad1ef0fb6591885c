import { readlinkSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { watchIn, type Watched } from '../../support/events/watched.ts';
import { without } from '../../support/missing-tools.ts';
import { withNetns, type Netns } from '../../support/netns.ts';
import { until } from '../../support/until.ts';

const watching = (body: (ns: Netns, watched: Watched) => Promise<void>, through?: readonly string[]) =>
  withNetns(async (ns) => {
    const watched = await watchIn(ns, ['nftables'], through === undefined ? {} : { through });
    try {
      await body(ns, watched);
    } finally {
      await watched.kill();
    }
  });

const authors = (watched: Watched) => watched.of('rules').map(({ author }) => author);
function isIn(pid: string, ns: Netns): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync(ns.path);
  } catch {
    return false;
  }
}

/** Until as many generations were told. */
const told = (watched: Watched, count: number) => until(() => watched.of('rules').length >= count);

test('who flushed the nat table is named: its command, its parents, and a script that ran it', async () => {
  await watching(async (ns, watched) => {
    const add = ['-t', 'nat', '-A', 'POSTROUTING', '-j', 'MASQUERADE'];
    const run = 'system("iptables-nft", "-t", "nat", "-F") == 0 or die';
    for (let tries = 1; ; tries++) {
      await ns.exec('iptables-nft', add);
      await ns.exec('iptables-nft', ['-t', 'nat', '-F']);
      await ns.exec('iptables-nft', add);
      await ns.exec('perl', ['-e', run, '--', '--password=hunter2']);
      await told(watched, 4 * tries);
      const [, flush, , scripted] = authors(watched).slice(-4);
      for (const author of [flush, scripted]) expect(author).toMatchObject({ name: 'iptables-nft' });
      // On a busy machine the program may have ended before the listener has its turn.
      if (tries < 5 && [flush, scripted].some((author) => author?.command.length === 0)) continue;
      expect(flush).toMatchObject({ command: ['iptables-nft', '-t', 'nat', '-F'] });
      expect(flush?.parents.map(({ pid }) => pid)).toContain(process.pid);
      expect(scripted).toMatchObject({ command: flush?.command });
      expect(scripted?.parents[0]).toMatchObject({
        name: 'perl',
        command: ['perl', '-e', run, '--', '--password=***'],
      });
      return;
    }
  });
});

test('a flush of 2,000 rules is one event, and nothing is missed of what follows', async () => {
  await watching(async (ns, watched) => {
    const rules = Array.from(
      { length: 2000 },
      (_, at) => `add rule ip t c tcp dport ${String(at + 1)} accept`,
    );
    const text = ['add table ip t', 'add chain ip t c', ...rules].join('\n');
    const before = watched.of('missed').length;
    for (let round = 0; round < 3; round++) {
      await ns.exec('nft', ['-f', '-'], { input: text });
      await ns.exec('nft', ['flush', 'ruleset']);
    }
    await told(watched, 6);
    expect(authors(watched).map((author) => author?.name)).toEqual(Array(6).fill('nft'));
    expect(watched.of('missed')).toHaveLength(before);
  });
});

test('two programs that fight are both named, and no generation is missed', async () => {
  await watching(async (ns, watched) => {
    const before = watched.of('missed').length;
    const fight = (chain: string) =>
      ns.exec('sh', [
        '-c',
        `i=0; while [ $i -lt 40 ]; do iptables-nft -A ${chain} -j DROP; iptables-nft -F ${chain}; i=$((i+1)); done`,
      ]);
    await Promise.all([fight('INPUT'), fight('OUTPUT')]);
    await ns.exec('nft', ['add', 'table', 'ip', 'end']);
    await until(() => authors(watched).at(-1)?.name === 'nft');
    expect(watched.of('missed')).toHaveLength(before);
    const named = authors(watched).filter((author) => author?.name === 'iptables-nft');
    expect(named.length).toBeGreaterThanOrEqual(150);
    // The flush waits in the kernel until its author has been looked at.
    for (const chain of ['INPUT', 'OUTPUT'])
      expect(named.some((author) => author?.command.join(' ') === `iptables-nft -F ${chain}`)).toBe(true);
  });
});

test('a listener that is killed is started again, and that something was missed is told', async () => {
  await watching(async (ns, watched) => {
    const [child] = await watched.children();
    // What ps shows of it: a name, not its script.
    expect(child?.command.trim()).toBe('rulesguard-nft');
    process.kill(child?.pid ?? 0, 'SIGKILL');
    await until(() => watched.states.length >= 3);
    expect(watched.states.map(({ works }) => works)).toEqual([true, false, true]);
    expect(watched.states[1]?.says).toContain('perl ended (SIGKILL)');
    expect(watched.of('missed').map(({ reason }) => reason)).toEqual([
      'it began to listen',
      expect.stringContaining('SIGKILL'),
      'it began to listen',
    ]);
    await ns.exec('iptables-nft', ['-F']);
    await ns.exec('nft', ['add', 'table', 'ip', 'x']);
    await until(() => authors(watched).some((author) => author?.name === 'nft'));
  });
});

test('without perl nft monitor tells the same, and says what that costs', async () => {
  await watching(async (ns, watched) => {
    expect(watched.states.at(-1)).toMatchObject({ works: true });
    expect(watched.states.at(-1)?.says).toContain('nft monitor');
    await ns.exec('nft', ['add', 'table', 'ip', 'x']);
    await ns.exec('nft', ['delete', 'table', 'ip', 'x']);
    await told(watched, 2);
    expect(authors(watched).map((author) => author?.name)).toEqual(['nft', 'nft']);
    for (const author of authors(watched))
      expect(author?.command[0] ?? author?.unknown).toMatch(/^(?:nft|it had )/);
  }, without('perl'));
});

test('without perl and nft it does not work, and says what to install', async () => {
  await watching((_, watched) => {
    expect(watched.states).toEqual([
      {
        source: 'nftables',
        works: false,
        says: expect.stringContaining('apt-get install perl-base') as unknown,
      },
    ]);
    return Promise.resolve();
  }, without('perl /usr/sbin/nft'));
});

test('a process that is counted elsewhere is not taken for another, and one that has ended is said to have', async () => {
  await withNetns(async (ns) => {
    // The listener in a pid namespace of its own: the kernel's number of the author is nobody's there, or another's.
    const watched = await watchIn(ns, ['nftables'], {
      through: ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'],
    });
    try {
      await ns.exec('iptables-nft', ['-A', 'INPUT', '-j', 'ACCEPT']);
      await told(watched, 1);
      const [author] = authors(watched);
      expect(author).toMatchObject({ name: 'iptables-nft', command: [], parents: [] });
      expect(author?.unknown).toMatch(/had ended|another pid namespace/);
    } finally {
      await watched.kill();
    }
  });
});

test('nothing is left running, whether it is stopped or killed', async () => {
  await withNetns(async (ns) => {
    for (const way of ['stop', 'kill'] as const) {
      const watched = await watchIn(ns, ['nftables', 'network', 'settings']);
      const children = await watched.children();
      expect(children).toHaveLength(2);
      await watched[way]();
      const left = (): readonly string[] =>
        readdirSync('/proc').filter(
          (pid) => children.some((child) => String(child.pid) === pid) && isIn(pid, ns),
        );
      await until(() => left().length === 0);
    }
  });
});
