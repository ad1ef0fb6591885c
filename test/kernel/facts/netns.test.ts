import { execa } from 'execa';
import { existsSync, readlinkSync } from 'node:fs';
import { once } from 'node:events';
import { expect, it, vi } from 'vitest';
import { facts, table } from '../../support/kernel-facts.ts';
import { describeKinds, describeVariants } from '../../support/kernel.ts';
import { createNetns, TOOL_ENV, tool, withNetns } from '../../support/netns.ts';

const LIVE = table(':FORWARD DROP [0:0]', ':A - [0:0]', '-A FORWARD -j A', '-A A -j ACCEPT');

describeKinds('a network namespace of its own', ({ family, variant }) => {
  it('takes the live rules and a firewall command, and the live rules stay', async () => {
    await withNetns(async (live) => {
      await live.restore(family, variant, LIVE);
      const before = await live.save(family, variant);
      const rehearsed = await withNetns(async (netns) => {
        expect((await netns.restore(family, variant, before)).code).toBe(0);
        expect(facts(await netns.save(family, variant))).toEqual(facts(before));
        await netns.exec(tool(family, variant), ['-F']);
        return facts(await netns.save(family, variant));
      });
      expect(rehearsed).toEqual([':FORWARD DROP', ':A -']);
      expect(facts(await live.save(family, variant))).toEqual(facts(before));
    });
  });

  it('works for an unprivileged user, in a user namespace', async () => {
    const [restore, save] = [tool(family, variant, 'restore'), tool(family, variant, 'save')];
    // The one shell of this file: two tools have to share the namespace that only this process has.
    const run = async (...more: string[]): Promise<{ exitCode?: number; stdout: string }> =>
      await execa(
        'setpriv',
        ['--reuid=65534', '--regid=65534', '--clear-groups', 'unshare', '-Urn', 'sh', '-c'].concat(
          `printf '%s' "$1" | ${restore} && ${[save, ...more].join(' ')}`,
          ['sh', LIVE],
        ),
        { env: TOOL_ENV, extendEnv: false, reject: false },
      );
    // Only root can read the list of legacy tables: such a user has to name the table.
    expect((await run()).exitCode).toBe(variant === 'nft' ? 0 : 1);
    const { exitCode, stdout } = await run('-t', 'filter');
    expect({ exitCode, rules: facts(stdout) }).toEqual({
      exitCode: 0,
      rules: [':FORWARD DROP', ':A -', '-A FORWARD -j A', '-A A -j ACCEPT'],
    });
  });
});

describeVariants('namespaces for tests', (variant) => {
  it('are not the one of this machine, and have their own settings', async () => {
    await withNetns(async (ns) => {
      expect(readlinkSync(ns.path)).not.toBe(readlinkSync('/proc/self/ns/net'));
      await ns.exec('tee', ['/proc/sys/net/ipv4/conf/lo/forwarding'], { input: '1\n' });
      const setting = await ns.exec('cat', ['/proc/sys/net/ipv4/conf/lo/forwarding']);
      expect(setting.stdout).toBe('1\n');
      await ns.exec(tool('ipv4', variant), ['-A', 'INPUT', '-j', 'ACCEPT']);
      const other = await withNetns(async (second) => await second.save('ipv4', variant));
      expect(other).toBe('');
    });
  });

  it('refuse to run anything once disposed', async () => {
    const ns = await createNetns();
    await ns.dispose();
    expect(existsSync(ns.path)).toBe(false);
    await expect(ns.save('ipv4', variant)).rejects.toThrow('disposed of');
  });

  it('die with the process that made them, even when it is killed', async () => {
    const url = new URL('../../support/netns.ts', import.meta.url).href;
    const script = `import { createNetns } from '${url}'; const ns = await createNetns(); console.log(ns.path); setInterval(() => {}, 1e6);`;
    const child = execa('node', ['--import', 'tsx', '--input-type=module', '-e', script], { reject: false });
    const [first] = (await once(child.stdout, 'data')) as [Buffer];
    const path = first.toString().trim();
    const inode = /\[(\d+)\]/.exec(readlinkSync(path))?.[1] ?? 'no namespace';
    child.kill('SIGKILL');
    await child;
    // No process is left in it, and nothing else holds it open. lsns fails when a process ends while it reads.
    await vi.waitFor(
      async () => {
        const { stdout } = await execa('lsns', ['-t', 'net', '-n', '-o', 'NS']);
        expect(existsSync(path)).toBe(false);
        expect(stdout.split(/\s+/)).not.toContain(inode);
      },
      { timeout: 60_000, interval: 200 },
    );
  });
});
