import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { savesOf, type Saves } from '../../support/incident/rules.ts';
import { labUnavailable } from '../../support/lab/requirement.ts';
import type { Era } from '../../support/lab/eras.ts';
import { load } from '../../support/matrix/stage.ts';
import type { PeerFault } from '../../support/peers/fault.ts';
import { judgeFault } from '../../support/peers/judged.ts';
import {
  ON_WIRE,
  OVERLAY_FAULTS,
  raiseModes,
  WIRE_FAULTS,
  type ModesPair,
} from '../../support/peers/modes.ts';
import { NEAR, type EngineHost } from '../../support/peers/two-engines.ts';
import { until } from '../../support/until.ts';

const RESULTS = path.resolve(import.meta.dirname, '../../../test-results');
const ERAS: readonly [Era, Era] = ['28.5', '26.1'];

const rows: string[] = [];
const reason = ERAS.map(labUnavailable).find((why) => why !== undefined);

describe.skipIf(reason !== undefined)(
  `doctor through two hosts by overlay and macvlan networks · Engines ${ERAS.join(' and ')}${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    let two: ModesPair | undefined;
    const golden = new Map<EngineHost, Saves>();

    const pair = (): ModesPair => {
      if (two === undefined) throw new Error('no hosts');
      return two;
    };
    const reload = async () => {
      for (const [{ engine }, saves] of golden) await load(engine, saves);
    };

    beforeAll(async () => {
      two = await raiseModes(...ERAS);
      for (const one of [two.asking, two.asked]) golden.set(one, await savesOf(one.engine));
    });
    afterAll(async () => {
      await two?.leave();
      if (rows.length === 0) return;
      mkdirSync(RESULTS, { recursive: true });
      writeFileSync(path.join(RESULTS, 'two-hosts-modes.md'), `${rows.join('\n')}\n`);
    });

    /** Who asks whom on either kind of network. */
    const overlay = () => ({ asker: 'drone', address: pair().at.bee, port: 80 });
    const wire = () => ({ asker: 'mac', address: ON_WIRE.asked, port: 80 });

    const judged = async (fault: PeerFault, kind: string, usual: ReturnType<typeof overlay>) => {
      const hosts = pair();
      try {
        await hosts.sh(fault.on, fault.break);
        rows.push(`| ${fault.on}: ${kind}: ${fault.name} | ${await judgeFault(hosts, fault, usual)} |`);
      } finally {
        await hosts.sh(fault.on, fault.undo ?? 'true').catch(() => undefined);
        await reload();
      }
      const { address, port, asker } = usual;
      await until(() => hosts.reaches(address, port, asker));
    };

    test.for(OVERLAY_FAULTS.filter(({ codes }) => !codes.includes('overlay-closed')))(
      'overlay · $on: $name',
      (fault) => judged(fault, 'overlay', overlay()),
    );
    test.for(WIRE_FAULTS)('macvlan · $on: $name', (fault) => judged(fault, 'macvlan', wire()));

    /** Makes something on hosts, and takes it back when it was asked about. */
    const while_ = async (
      where: readonly ('host-a' | 'host-b')[],
      make: string,
      undo: string,
      ask: (hosts: ModesPair) => Promise<void>,
    ) => {
      const hosts = pair();
      try {
        for (const place of where) await hosts.sh(place, make);
        await ask(hosts);
      } finally {
        for (const place of where) await hosts.sh(place, undo);
        await reload();
      }
    };

    test.for([
      { name: 'overlay, beside an encrypted one', way: 'overlay', where: [], make: 'true', undo: 'true' },
      {
        name: 'overlay, a firewall that lets in what a swarm needs',
        way: 'overlay',
        where: ['host-a', 'host-b'],
        make: 'for r in "-p udp --dport 4789" "-p udp --dport 7946" "-p tcp --dport 7946" "-p tcp --dport 2377" "-m conntrack --ctstate ESTABLISHED" "-i lo"; do iptables -A INPUT $r -j ACCEPT; done; iptables -P INPUT DROP',
        undo: 'iptables -P INPUT ACCEPT',
      },
      {
        name: 'overlay, another node is dropped',
        way: 'overlay',
        where: ['host-b'],
        make: 'iptables -I INPUT -s 203.0.113.99 -p udp --dport 4789 -j DROP',
        undo: 'true',
      },
      {
        name: 'overlay, FORWARD drops all: what is in VXLAN does not pass it',
        way: 'overlay',
        where: ['host-a', 'host-b'],
        make: 'iptables -I FORWARD -j DROP',
        undo: 'true',
      },
      { name: 'macvlan', way: 'wire', where: [], make: 'true', undo: 'true' },
      {
        name: 'macvlan, both hosts drop all',
        way: 'wire',
        where: ['host-a', 'host-b'],
        make: 'for c in INPUT OUTPUT FORWARD; do iptables -I $c -j DROP; done; iptables -t raw -I PREROUTING -j DROP',
        undo: 'true',
      },
      {
        name: 'macvlan, forwarding is off',
        way: 'wire',
        where: ['host-a', 'host-b'],
        make: 'echo 0 >/proc/sys/net/ipv4/ip_forward',
        undo: 'echo 1 >/proc/sys/net/ipv4/ip_forward',
      },
      {
        name: 'macvlan, a published port of the other host is asked, and the own host drops all',
        way: 'wire',
        at: [NEAR.asked, 8080],
        where: ['host-a'],
        make: 'for c in INPUT OUTPUT FORWARD; do iptables -I $c -j DROP; done',
        undo: 'true',
      },
      {
        name: 'macvlan, a bridged container asks',
        way: 'wire',
        by: 'web',
        where: [],
        make: 'true',
        undo: 'true',
      },
      {
        name: 'macvlan, the host asks, and the other one drops all',
        way: 'wire',
        by: 'host',
        where: ['host-b'],
        make: 'iptables -I INPUT -j DROP; iptables -I FORWARD -j DROP',
        undo: 'true',
      },
    ] as const)('no false alarm: $name', async (one) => {
      const { name, way, where, make, undo } = one;
      const usual = way === 'overlay' ? overlay() : wire();
      const asker = 'by' in one ? one.by : usual.asker;
      const [address, port] = 'at' in one ? one.at : [usual.address, usual.port];
      await while_(where, make, undo, async (hosts) => {
        if (asker !== 'host') expect(await hosts.reaches(address, port, asker)).toBe(true);
        const { causes, exit } = await hosts.consult(asker, `${address}:${String(port)}`);
        expect(causes.map(({ host, check }) => `${host} ${check.code} ${check.title}`)).toEqual([]);
        expect(exit).toBe(0);
        rows.push(`| healthy: ${name} | nothing found | |`);
      });
    });

    test('overlay: a node that hears nothing of the other forgets where its containers are', async () => {
      const { asker, address, port } = overlay();
      const drop =
        'for p in tcp udp; do iptables -I INPUT -p $p --dport 7946 -j DROP; iptables -I OUTPUT -p $p --dport 7946 -j DROP; done';
      await while_(['host-b'], drop, 'true', async (hosts) => {
        await until(async () => !(await hosts.reaches(address, port, asker)));
        const { causes, exit } = await hosts.consult(asker, `${address}:${String(port)}`);
        const named = causes.map(({ host, check }) => `${host} ${check.code}: ${check.title}`);
        expect(named[0]).toMatch(/^host-b rule-stops: .*7946/);
        expect(exit).toBe(1);
        rows.push(`| host-b: overlay: 7946 is dropped both ways | host-b rule-stops | |`);
      });
      await until(() => pair().reaches(address, port, asker));
    });

    test('macvlan: one address on both hosts', async () => {
      const { asker, address, port } = wire();
      await while_(
        ['host-a'],
        `docker run -d --name twin --network lan --ip ${address} lab 80/tcp`,
        'docker rm -f twin',
        async (hosts) => {
          const { causes, exit } = await hosts.consult(asker, `${address}:${String(port)}`);
          expect(causes.map(({ check }) => check.code)).toEqual(['wire-address-twice']);
          expect(exit).toBe(1);
          rows.push(
            '| host-a: macvlan: a container has the address too | host-a wire-address-twice | by hand |',
          );
        },
      );
    });

    test('overlay: who is on another one does not get there', async () => {
      const hosts = pair();
      const { address } = overlay();
      expect(await hosts.reaches(address, 80, 'web')).toBe(false);
      const { causes, exit } = await hosts.consult('web', `${address}:80`);
      expect(causes.map(({ host, check }) => `${host} ${check.code}`)).toEqual(['host-a no-shared-network']);
      expect(exit).toBe(1);
      rows.push('| host-a: overlay: who asks is not on it | host-a no-shared-network | by hand |');
    });

    test('an encrypted overlay: all that is seen is well, and the keys are not seen', async () => {
      const hosts = pair();
      const { causes, exit, verdict } = await hosts.consult('spy', `${hosts.at.seal}:80`);
      expect(causes.map(({ check }) => check.title)).toEqual([
        'cannot tell whether both hosts encrypt secret alike',
      ]);
      expect([verdict, exit]).toEqual(['unknown', 3]);
      rows.push('| an encrypted overlay | cannot tell: overlay-encryption | |');
    });

    test('an encrypted overlay: the rule that marks its packets is lost, and restore puts it back', async () => {
      await while_(['host-a'], 'iptables -t mangle -F OUTPUT', 'true', async (hosts) => {
        const { causes, exit } = await hosts.consult('spy', `${hosts.at.seal}:80`);
        const [first] = causes;
        expect(first?.check.title).toBe('packets of secret leave host-a unencrypted');
        expect([first?.host, exit]).toEqual(['host-a', 1]);
        expect(first?.check.remedies[0]?.commands).toEqual(['rulesguard restore']);
        rows.push(
          '| host-a: encrypted overlay: its mark is lost | host-a overlay-encryption | not tried: no ESP here |',
        );
      });
    });

    // Last: what sets the interfaces up again is a restart.
    test.for(OVERLAY_FAULTS.filter(({ codes }) => codes.includes('overlay-closed')))(
      'overlay · $on: $name',
      async (fault) => {
        const hosts = pair();
        await hosts.sh(fault.on, fault.break);
        rows.push(`| ${fault.on}: overlay: ${fault.name} | ${await judgeFault(hosts, fault, overlay())} |`);
      },
    );
  },
);
