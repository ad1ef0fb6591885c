import { readdirSync, readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Check } from '../../../src/doctor/diagnosis.ts';
import type { Era } from '../../support/lab/eras.ts';
import { labUnavailable } from '../../support/lab/requirement.ts';
import { sshStandIn, type SshStandIn } from '../../support/peers/ssh-stand-in.ts';
import {
  addIpv6,
  FAR,
  FAR6,
  raiseTwo,
  type EngineHost,
  type TwoEngines,
} from '../../support/peers/two-engines.ts';

const ERA: Era = '28.5';
const reason = labUnavailable(ERA);

/** What is read of the document. */
interface Told {
  readonly verdict: string;
  readonly causes: readonly { readonly place: string; readonly host: string; readonly check: Check }[];
  readonly between: readonly Check[];
}

/** Processes of tcpdump in a host's network namespace. */
const watching = ({ engine }: EngineHost): readonly string[] =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/comm`, 'utf8') === 'tcpdump\n' &&
          statSync(`/proc/${pid}/ns/net`).ino === statSync(engine.netns).ino
        );
      } catch {
        return false;
      }
    });

describe.skipIf(reason !== undefined)(
  `doctor --peer --probe: real packets, watched on both hosts${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    let two: TwoEngines | undefined;
    let ssh: SshStandIn | undefined;
    beforeAll(async () => {
      two = await raiseTwo(ERA, ERA);
      ssh = sshStandIn(two.asking, two.asked);
      await addIpv6(two);
    });
    afterAll(async () => {
      ssh?.dispose();
      await two?.leave();
    });

    /** Asks while something is broken, and mends it again. */
    const probed = async (
      where: 'host-a' | 'host-b' | 'router' = 'router',
      breaks = 'true',
      undo = 'true',
      asker = 'web',
      asked = `${FAR}:8080`,
    ): Promise<Told & { readonly code: number; readonly notes: string }> => {
      if (two === undefined || ssh === undefined) throw new Error('no hosts');
      await two.sh(where, breaks);
      try {
        const words = ['doctor', asker, '--to', asked, '--peer', 'ssh://host-b', '--probe', '--json'];
        const { code, stdout, stderr } = await ssh.consult(words);
        const text = Buffer.from(stdout, 'latin1').toString();
        if (text === '') throw new Error(stderr);
        const told = JSON.parse(text) as Told;
        expect(watching(two.asked), 'left on the other host').toEqual([]);
        return {
          ...told,
          code,
          notes: told.between.map((check) => `${check.code} ${check.title}`).join('\n'),
        };
      } finally {
        await two.sh(where, undo);
      }
    };
    const causesOf = ({ causes }: Told): readonly string[] =>
      causes.map(({ place, check }) => `${place} ${check.code}: ${check.title}`);

    test('healthy: answered, and seen on the other host', async () => {
      const told = await probed();
      expect(causesOf(told)).toEqual([]);
      expect(told.notes).toMatch(
        /proof-passed web → 198\.51\.100\.20:8080\/tcp: answered, and seen to come into host-b by eth0/,
      );
      expect([told.verdict, told.code]).toEqual(['ok', 0]);
      const evidence = told.between.flatMap((check) => check.evidence).join('\n');
      expect(evidence).toMatch(/host-b: eth0 in: \S+ → 198\.51\.100\.20$/m);
      expect(evidence).toMatch(/host-b: eth0 out: 198\.51\.100\.20 → \S+ \(answer\)$/m);
    });

    test('healthy: the host itself asks', async () => {
      const told = await probed('router', 'true', 'true', 'host');
      expect(told.notes).toMatch(
        /proof-passed \S+.* → 198\.51\.100\.20:8080\/tcp: answered, and seen to come into host-b/,
      );
      expect([told.verdict, told.code]).toEqual(['ok', 0]);
    });

    test('the router drops the question: lost on the wire, on the way there', async () => {
      const drop = 'FORWARD -p tcp --dport 8080 -j DROP';
      const told = await probed('router', `iptables -I ${drop}`, `iptables -D ${drop}`);
      expect(causesOf(told)).toEqual([
        expect.stringMatching(
          /^between proof-lost: web → \S+: lost on the wire: it left \S+ .*by eth0 as \S+, and nothing came into host-b$/,
        ),
      ]);
      expect([told.verdict, told.code]).toEqual(['fail', 1]);
    });

    test('the router drops the answer: lost on the wire, on the way back', async () => {
      const drop = 'FORWARD -p tcp --sport 8080 -j DROP';
      const told = await probed('router', `iptables -I ${drop}`, `iptables -D ${drop}`);
      expect(causesOf(told)).toEqual([
        expect.stringMatching(
          /^between proof-lost: .*its answer is lost on the wire: it left host-b by eth0/,
        ),
      ]);
      expect([told.verdict, told.code]).toEqual(['fail', 1]);
    });

    test('a rule of the other host drops it: the cause that was followed, and packets agree', async () => {
      const drop = 'FORWARD -p tcp -j DROP';
      const told = await probed('host-b', `iptables -I ${drop}`, `iptables -D ${drop}`);
      expect(causesOf(told)).toEqual([expect.stringMatching(/^asked rule-stops/)]);
      expect(told.notes).toMatch(/proof-stopped .*came into host-b by eth0, and no answer left it/);
      expect([told.verdict, told.code]).toEqual(['fail', 1]);
    });

    test.each([
      ['UDP', 'web', `${FAR}:5353/udp`, `${FAR}:5353/udp`, 'iptables', '-p udp --dport 5353'],
      ['IPv6', 'web6', `[${FAR6}]:8086`, `[${FAR6}]:8086/tcp`, 'ip6tables', '-p tcp --dport 8086'],
      [
        'UDP over IPv6',
        'web6',
        `[${FAR6}]:5386/udp`,
        `[${FAR6}]:5386/udp`,
        'ip6tables',
        '-p udp --dport 5386',
      ],
    ])(
      '%s: answered and seen there; dropped by the router, lost on the way there',
      async (_, asker, asked, named, tool, match) => {
        const well = await probed('router', 'true', 'true', asker, asked);
        expect(causesOf(well)).toEqual([]);
        expect(well.notes).toContain(
          `proof-passed ${asker} → ${named}: answered, and seen to come into host-b by eth0`,
        );
        expect([well.verdict, well.code]).toEqual(['ok', 0]);
        const drop = `FORWARD ${match} -j DROP`;
        const lost = await probed('router', `${tool} -I ${drop}`, `${tool} -D ${drop}`, asker, asked);
        expect(causesOf(lost)).toEqual([
          expect.stringMatching(
            /^between proof-lost: .*: lost on the wire: it left .* by eth0 as .*, and nothing came into host-b$/,
          ),
        ]);
        expect([lost.verdict, lost.code]).toEqual(['fail', 1]);
      },
    );

    test('it is lost on the other host by what no rule shows: told as a fault there, though it was followed through', async () => {
      const told = await probed(
        'host-b',
        'ip neigh replace 172.17.0.2 lladdr 02:00:00:00:00:99 dev docker0 nud permanent',
        'ip neigh del 172.17.0.2 dev docker0',
      );
      expect(causesOf(told)).toEqual([
        expect.stringMatching(/^asked proof-stopped: .*came into host-b by eth0, and no answer left it/),
      ]);
      expect(told.causes[0]?.check.meaning).toMatch(/passed on by \S+ to 172\.17\.0\.2/);
      expect([told.verdict, told.code]).toEqual(['fail', 1]);
    });

    test('without tcpdump there a lost packet is no proof: cannot tell, and what to install', async () => {
      ssh?.hideTcpdump(true);
      try {
        const drop = 'FORWARD -p tcp --dport 8080 -j DROP';
        const told = await probed('router', `iptables -I ${drop}`, `iptables -D ${drop}`);
        expect(causesOf(told)).toEqual([
          expect.stringMatching(/^asked proof-unknown: .*tcpdump is not installed/),
        ]);
        expect(told.causes[0]?.check.remedies[0]?.what).toBe(
          'install tcpdump on host-b, then ask again with --probe',
        );
        expect([told.verdict, told.code]).toEqual(['unknown', 3]);
      } finally {
        ssh?.hideTcpdump(false);
      }
    });
  },
);
