import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { NamedPath } from '../../../src/doctor/diagnosis.ts';
import { healthyPaths, shutPaths, stoppedBy } from '../../support/doctor/paths.ts';
import {
  buildTown,
  probe,
  PROBE,
  probeEnv,
  probeRequest,
  type ProbedTown,
} from '../../support/doctor/probes/probed-town.ts';
import { inhabitantsOf, stateOf } from '../../support/doctor/remains.ts';
import { describeEngines } from '../../support/incident/eras.ts';
import { startEngine, type Engine } from '../../support/lab/engine.ts';
import { must } from '../../support/lab/run.ts';
import { until } from '../../support/until.ts';

const DROP = '-A FORWARD -j DROP';
/** Hides tcpdump from one command and its children: it is looked for beyond PATH. */
const HIDDEN =
  'for f in /usr/bin /usr/sbin; do [ ! -e $f/tcpdump ] || mount --bind /dev/null $f/tcpdump; done';
const WITHOUT_TCPDUMP = ['unshare', '--mount', 'sh', '-c', `${HIDDEN}; exec "$@"`, 'sh'] as const;

describeEngines('doctor --probe', (era) => {
  let engine: Engine;
  let town: ProbedTown;
  let saved: string;
  let paths: ReturnType<typeof healthyPaths>;

  beforeAll(async () => {
    engine = await startEngine({ era });
    town = await buildTown(engine);
    saved = await must(engine.execInside, 'iptables-save');
    paths = healthyPaths(town, saved);
  });
  afterAll(() => engine.stop());

  const iptables = (line: string) => must(engine.execInside, 'iptables', line.split(' '));
  const endingAt = (path: NamedPath, end: NamedPath['path']['end']): NamedPath => ({
    ...path,
    verdict: 'fail',
    path: { ...path.path, end },
  });

  describe.each<[how: string, watched: boolean, before: readonly [string, ...string[]] | undefined]>([
    ['with tcpdump', true, undefined],
    ['without tcpdump', false, WITHOUT_TCPDUMP],
  ])('%s', (_, watched, before) => {
    /** Probes and tells the checks in short; whatever is probed, nothing may be left of it. */
    const probed = async (...asked: readonly NamedPath[]) => {
      const state = await stateOf(engine);
      const living = inhabitantsOf(engine, town);
      const { checks, took } = await probe(engine, town, asked, before);
      expect(took).toBeLessThan(6000);
      expect(inhabitantsOf(engine, town)).toEqual(living);
      expect(await stateOf(engine)).toBe(state);
      const lines = checks.map(({ code, verdict, title }) => `${code} ${verdict}: ${title}`);
      return { checks, lines, evidence: checks.flatMap((check) => check.evidence).join('\n') };
    };
    afterEach(() => must(engine.execInside, 'iptables-restore', [], { input: `${saved}\n` }));

    test('healthy: each path passes, each closed one is closed', async () => {
      const { lines, checks, evidence } = await probed(...Object.values(paths));
      const across = paths.across.path.end;
      expect(lines).toEqual([
        'proof-passed ok: outside → 192.0.2.1:8080/tcp → web:80: answered',
        'proof-passed ok: outside → 192.0.2.1:5353/udp → web:5353: answered',
        'proof-passed ok: web → outside: answered',
        'proof-passed ok: web → outside, ping: answered',
        'proof-passed ok: db → web:80: answered',
        'proof-passed ok: this host → web:80: answered',
        `proof-stopped ok: far → web:80: stopped by ${across.at === 'stopped' ? (across.rule?.text ?? '') : ''}, which has counted it`,
      ]);
      expect(checks[0]?.meaning).toContain('not from outside');
      expect(evidence).toContain(
        'this host → 192.0.2.10:8080/tcp: answered\nthis host → 127.0.0.1:8080/tcp: answered',
      );
      expect(evidence).toMatch(/--dport 8080 -j DNAT --to-destination \S+ \(\d+ → \d+ packets\)/);
      if (!watched) {
        expect(evidence.match(/tcpdump.*/g)).toEqual([
          'tcpdump is not installed: judged by answers and the counters of rules alone',
        ]);
        return;
      }
      expect(evidence).not.toContain('missed packets');
      const way =
        /web → 192\.0\.2\.2:80\/tcp: answered\ntcpdump: veth\w+ in, docker0 in, eth0 out from 192\.0\.2\.1; answer: eth0 in, docker0 out/;
      expect(evidence).toMatch(way);
    });

    test('a lost translation behind docker-proxy is found', async () => {
      await iptables('-t nat -F DOCKER');
      const local = { at: 'local' } as const;
      const { checks, lines } = await probed(
        endingAt(paths.published, local),
        endingAt(paths.datagram, local),
      );
      expect(lines).toEqual([
        'proof-proxy fail: port 8080 answers, but through docker-proxy: web sees 172.17.0.1 instead of its clients; the translation is lost',
        'proof-proxy fail: port 5353 answers, but through docker-proxy: web sees 172.17.0.1 instead of its clients; the translation is lost',
      ]);
      // Docker's rules were not compared here, so that no restore could be tried in memory: none is offered.
      expect(checks[0]?.remedies.map(({ commands }) => commands)).toEqual([[]]);
    });

    test('a rule in front of all others stops what is forwarded, and is named', async () => {
      await iptables('-I FORWARD -j DROP');
      const stop = stoppedBy(DROP);
      const { lines } = await probed(endingAt(paths.outbound, stop), endingAt(paths.published, stop));
      expect(lines).toEqual([
        'proof-stopped fail: web → outside: stopped by -A FORWARD -j DROP, which has counted it',
        "proof-unknown unknown: outside → 192.0.2.1:8080/tcp → web:80: this host gets through, which shows nothing of the outside's way",
      ]);
    });

    test('a packet that is stopped contradicts a trace that missed the rule', async () => {
      await iptables('-I FORWARD -j DROP');
      const { checks } = await probed(paths.outbound);
      expect(checks).toMatchObject([
        { code: 'proof-differs', verdict: 'fail', meaning: 'meanwhile counted: -A FORWARD -j DROP' },
      ]);
      if (watched) expect(checks[0]?.title).toContain('(last seen at docker0, coming in)');
    });

    test('a service that listens on loopback alone is reached, and refuses', async () => {
      const { lines } = await probed(...shutPaths(town));
      expect(lines).toEqual([
        'proof-passed warn: outside → 192.0.2.1:8081/tcp → shut:80: arrives, and is refused: shut has no service on port 80 at that address',
        'proof-passed warn: db → shut:80: arrives, and is refused: shut has no service on port 80 at that address',
      ]);
    });

    test('a firewall inside the container is found', async () => {
      const inside = (what: string) =>
        must(engine.exec, 'nsenter', [
          `--net=${town.web.netns}`,
          'iptables',
          what,
          'INPUT',
          '-p',
          'tcp',
          '-j',
          'DROP',
        ]);
      await inside('-I');
      try {
        const { lines } = await probed(paths.beside);
        expect(lines).toEqual([
          watched
            ? 'proof-stopped fail: db → web:80: arrives at web, and no answer comes out of it'
            : 'proof-stopped fail: db → web:80: no answer, and without tcpdump it cannot be seen how far it came',
        ]);
      } finally {
        await inside('-D');
      }
    });
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    '%s during a probe leaves no process',
    async (signal) => {
      await iptables('-I FORWARD -j DROP');
      const living = inhabitantsOf(engine, town);
      const [file, ...args] = PROBE;
      const env = { ...probeEnv(engine), LC_ALL: 'C' };
      const prober = spawn('nsenter', [`--net=${engine.netns}`, '--', file, ...args], {
        env,
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      prober.stdin.end(probeRequest(town, Object.values(paths)));
      const isSending = () => {
        const all = inhabitantsOf(engine, town).join('\n');
        return all.includes('tcpdump -i any') && all.includes('node:dgram');
      };
      await until(isSending);
      prober.kill(signal);
      await once(prober, 'exit');
      // A busy machine takes its time to end a process that has lost its pipe, and its last ping ends a second later.
      await until(() => inhabitantsOf(engine, town).join('\n') === living.join('\n'));
      await must(engine.execInside, 'iptables-restore', [], { input: `${saved}\n` });
    },
  );
});
