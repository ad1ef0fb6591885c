import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeEngine } from '../../support/incident/eras.ts';
import { httpProbe, udpProbe } from '../../support/lab/probe.ts';
import { CLIENT, HOST } from '../../support/lab/wire.ts';
import { createProgram, type Program } from '../../support/managers/program.ts';
import { raiseSite, type Site } from '../../support/managers/site.ts';

/** What closes containers' ports to everybody but private senders until `ufw route allow` opens one, as users keep it in after.rules. */
const CLOSING = `
*filter
:ufw-user-forward - [0:0]
:DOCKER-USER - [0:0]
-A DOCKER-USER -j ufw-user-forward
-A DOCKER-USER -s 10.0.0.0/8 -j RETURN
-A DOCKER-USER -s 172.16.0.0/12 -j RETURN
-A DOCKER-USER -s 192.168.0.0/16 -j RETURN
-A DOCKER-USER -d 172.16.0.0/12 -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP
-A DOCKER-USER -d 172.16.0.0/12 -p udp -m udp --dport 0:32767 -j DROP
-A DOCKER-USER -j RETURN
COMMIT
`;

const quick = { seconds: 1 } as const;

describeEngine(
  "containers' ports that ufw closes in DOCKER-USER, by what is typed and by packets",
  '28.5',
  () => {
    let program: Program;
    let site: Site;

    beforeAll(async () => {
      program = createProgram();
      site = await raiseSite(program, '28.5');
      await site.mustType(`cat >> /etc/ufw/after.rules <<'END'\n${CLOSING}END`);
      await site.mustType('ufw allow 22/tcp && ufw --force enable');
    });
    afterAll(async () => {
      await (site as Site | undefined)?.leave();
      (program as Program | undefined)?.dispose();
    });

    /** Which of the ports answer the client. */
    const open = async (): Promise<readonly (number | string)[]> => {
      const { engine } = site;
      const tcp = await Promise.all(
        [8080, 8081, 9000].map(async (port) =>
          (await httpProbe(engine, HOST.ipv4, port, quick))?.endsWith(` saw ${CLIENT.ipv4}`) === true
            ? [port]
            : [],
        ),
      );
      const udp = (await udpProbe(engine, HOST.ipv4, 5353, quick)) === undefined ? [] : ['5353/udp'];
      return [...tcp.flat(), ...udp];
    };

    test('closed by ufw: nothing is wrong by default, a port asked about is opened by ufw alone, and no other', async () => {
      expect(await open()).toEqual([]);
      expect((await site.typed('rulesguard doctor')).stdout).toMatch(/^HEALTHY/);
      expect((await site.typed('rulesguard check')).stdout).toMatch(/^INTACT/);

      const asked = await site.typed('rulesguard doctor :8080');
      expect(asked.code).toBe(1);
      expect(asked.stdout).toContain('DOCKER-USER');
      expect(asked.stdout).not.toMatch(/iptables -w -D|ufw delete/);
      const commands = asked.stdout
        .split('\n')
        .filter((line) => line.startsWith('     ') && /^ +ufw /.test(line));
      const route = commands.find((line) => line.includes('ufw route ')) ?? '';
      const host = commands.filter((line) => line !== route);
      expect(route, asked.stdout).toContain('ufw route allow ');
      // By IPv6 docker-proxy takes it: what this host takes in, ufw opens by its own command as well.
      expect(host.length, asked.stdout).toBeGreaterThan(0);
      expect(asked.stdout).not.toMatch(/ip6tables -w -I INPUT/);
      const six = async () => (await httpProbe(site.engine, HOST.ipv6, 8080, quick)) !== undefined;
      expect(await six()).toBe(false);
      await site.mustType(route);
      expect(await open()).toEqual([8080]);
      const after = await site.typed('rulesguard doctor :8080');
      // By IPv6 docker-proxy alone serves it, and what the host takes in ufw closes with its own policy.
      expect(after.stdout).toMatch(/^FAULT {2}port :8080\/tcp: 1 cause found/);
      expect(after.stdout).toContain('the policy of ipv6 filter INPUT drops packets');
      expect(after.stdout).toContain('10 paths, 2 broken');
      expect(after.stdout).not.toContain('reachable although');
      expect((await site.typed('rulesguard check')).stdout).toMatch(/^INTACT/);
      for (const command of host) await site.mustType(command);
      expect(await six()).toBe(true);
      await site.mustType('ufw reload');
      expect(await open()).toEqual([8080]);
    });
  },
);
