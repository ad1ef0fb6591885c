import { execa } from 'execa';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { table } from '../../support/kernel-facts.ts';
import { describeVariant } from '../../support/kernel.ts';
import { TOOL_ENV, withNetns } from '../../support/netns.ts';
import type { Netns } from '../../support/netns.ts';

interface Monitor {
  /** What it printed since the last call, once `pattern` is among it. */
  until(pattern: RegExp): Promise<string>;
}

/** Runs `body` beside `xtables-monitor --event` in a fresh namespace. */
async function withMonitor(body: (ns: Netns, monitor: Monitor) => Promise<void>): Promise<void> {
  await withNetns(async (ns) => {
    // Without stdbuf a pipe gets nothing until 4 KiB have gathered.
    const command = [`--net=${ns.path}`, 'stdbuf', '-oL', 'xtables-monitor', '--event'];
    const child = execa('nsenter', command, {
      env: TOOL_ENV,
      extendEnv: false,
      reject: false,
      buffer: false,
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    const until = async (pattern: RegExp): Promise<string> => {
      for (let tries = 0; tries < 6_000 && !pattern.test(text); tries++) await sleep(10);
      const seen = text;
      text = '';
      return seen;
    };
    try {
      // It does not print when it is ready: add rules until it prints one.
      for (let tries = 0; tries < 100 && text === ''; tries++) {
        await ns.exec('nft', ['add', 'table', 'ip', 'knock']);
        await ns.exec('nft', ['delete', 'table', 'ip', 'knock']);
        await sleep(20);
      }
      await until(/NEWGEN/);
      await sleep(50);
      text = '';
      await body(ns, { until });
    } finally {
      child.kill();
      await child;
    }
  });
}

const author = (name: string): RegExp => new RegExp(`^NEWGEN: GENID=\\d+ PID=\\d+ NAME=${name}$`, 'm');

describeVariant(
  'xtables-monitor --event',
  'nft',
  () => {
    it('prints each rule added or deleted and then the author, family by family', async () => {
      await withMonitor(async (ns, monitor) => {
        await ns.exec('iptables-nft', ['-A', 'INPUT', '-i', 'x', '-j', 'ACCEPT']);
        expect(await monitor.until(author('iptables-nft'))).toContain(
          ' EVENT: -4 -t filter -A INPUT -i x -j ACCEPT\n',
        );
        await ns.exec('ip6tables-nft', ['-N', 'X']);
        expect(await monitor.until(author('ip6tables-nft'))).toContain(' EVENT: -6 -t filter -N X\n');
        await ns.exec('iptables-nft', ['-D', 'INPUT', '-i', 'x', '-j', 'ACCEPT']);
        expect(await monitor.until(author('iptables-nft'))).toContain(
          ' EVENT: -4 -t filter -D INPUT -i x -j ACCEPT\n',
        );
      });
    });

    it('prints a restore and a flush as one batch each; the name is cut to 15 bytes', async () => {
      await withMonitor(async (ns, monitor) => {
        const rules = Array.from({ length: 12 }, (_, index) => `-A INPUT -i x${String(index)}`);
        await ns.restore('ipv4', 'nft', table(...rules), ['-n']);
        const added = await monitor.until(author('iptables-nft-re'));
        expect(added.match(/ -A INPUT -i x\d+$/gm)).toHaveLength(12);
        expect(added.match(/^NEWGEN/gm)).toHaveLength(1);
        await ns.exec('iptables-nft', ['-F', 'INPUT']);
        const deleted = await monitor.until(author('iptables-nft'));
        expect(deleted.match(/ -D INPUT -i x\d+$/gm)).toHaveLength(12);
        expect(deleted.match(/^NEWGEN/gm)).toHaveLength(1);
      });
    });

    it('shows nft flush ruleset as the loss of every rule, chain and table, by nft', async () => {
      await withMonitor(async (ns, monitor) => {
        await ns.restore('ipv4', 'nft', table(':A - [0:0]', '-A INPUT -j A'));
        await monitor.until(author('iptables-nft-re'));
        await ns.exec('nft', ['flush', 'ruleset']);
        const events = await monitor.until(author('nft'));
        expect(events).toContain(' EVENT: -4 -t filter -D INPUT -j A\n');
        expect(events).toContain(' EVENT: -4 -t filter -X A\n');
        expect(events).toContain(' EVENT: -4 -t filter -X INPUT\n');
        expect(events).toContain(' EVENT: nft: DEL table: table filter ip ');
      });
    });

    it('prints nothing for the legacy variant, nor for a flush of an empty ruleset', async () => {
      await withMonitor(async (ns, monitor) => {
        await ns.exec('iptables-legacy', ['-A', 'INPUT', '-i', 'quiet', '-j', 'ACCEPT']);
        await ns.exec('iptables-nft', ['-t', 'nat', '-F']);
        await ns.exec('iptables-nft', ['-A', 'INPUT', '-i', 'loud', '-j', 'ACCEPT']);
        const events = await monitor.until(/loud[^]*NEWGEN/);
        expect(events.match(/^NEWGEN/gm)).toHaveLength(1);
        expect(events).not.toContain('quiet');
      });
    });
  },
  ['nft', 'xtables-monitor', 'stdbuf'],
);
