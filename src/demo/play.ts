import { isDeepStrictEqual } from 'node:util';
import { Fault } from '../fault.ts';
import { run } from '../host/command/command.ts';
import { ownNamespace } from './machine.ts';
import { runRulesguard } from './operator.ts';
import { askAll } from './probes.ts';
import type { DemoProbe, ProbeVerdict } from './probes.ts';
import { iptables, loadRules, readSample, rulesNow } from './rules.ts';
import { createNarrator } from './narrator.ts';
import type { DemoOutput, Narrator, StepTime } from './narrator.ts';
import { buildHosts } from './hosts.ts';
import type { DemoHosts } from './hosts.ts';

/** What the demo needs beside Node; Debian has them in iptables, iproute2 and util-linux. */
const TOOLS = ['unshare', 'nsenter', 'ip', 'iptables-nft', 'ip6tables-nft'] as const;

/** A rule of the operator's own, written after the flush: it is nobody's to touch. */
const OWN_RULE = '-A POSTROUTING -s 10.8.0.0/24 -o eth0 -m comment --comment vpn -j MASQUERADE';

async function checkMeans(): Promise<void> {
  if (process.getuid?.() !== 0) {
    const typed = process.env['npm_lifecycle_event'] === 'demo' ? 'npm run demo' : 'rulesguard demo';
    throw new Fault('RG_PRIVILEGE', 3, 'The demo makes network namespaces, and only root may', {
      hint: `sudo ${typed}`,
    });
  }
  for (const tool of TOOLS) await run([tool, tool === 'ip' ? '-V' : '--version']);
}

/** The demo while it runs: where it is shown, how long each part took, and what did not go as announced. */
interface Demonstration {
  readonly hosts: DemoHosts;
  readonly narrator: Narrator;
  readonly coloured: boolean;
  readonly times: StepTime[];
  readonly surprises: string[];
}

async function probe(
  { hosts, narrator, surprises }: Demonstration,
  expected: (probe: DemoProbe) => ProbeVerdict,
): Promise<void> {
  const results = await askAll(hosts);
  narrator.results(results);
  for (const {
    probe: { from, to, protocol, ...probe },
    verdict,
  } of results) {
    const wanted = expected({ from, to, protocol, ...probe });
    if (verdict !== wanted)
      surprises.push(
        `${from} → ${to.host}:${String(to.port)}/${protocol} is ${verdict}, should be ${wanted}`,
      );
  }
}

async function operate(demo: Demonstration, words: readonly string[], expected: number): Promise<void> {
  const typed = `rulesguard ${words.join(' ')}`;
  demo.narrator.command(['rulesguard', ...words]);
  const { exitCode, output, ms } = await runRulesguard(demo.hosts, words, demo.coloured);
  demo.narrator.quote(`${output}\n[exit ${String(exitCode)}]`);
  demo.times.push({ what: typed, ms });
  if (exitCode !== expected)
    demo.surprises.push(`${typed} exits ${String(exitCode)}, should be ${String(expected)}`);
}

const well = (): ProbeVerdict => 'well';

async function incident(demo: Demonstration): Promise<void> {
  const { hosts, narrator, surprises } = demo;
  const before = await rulesNow(hosts.host);

  narrator.step('All is well');
  await probe(demo, well);

  narrator.step('Someone tidies up NAT, and adds a rule of their own');
  const words = ['-t', 'nat', ...OWN_RULE.split(' ')];
  for (const typed of [['-t', 'nat', '-F'], words]) {
    narrator.command(['iptables', ...typed]);
    await iptables(hosts.host, typed);
  }
  await probe(demo, ({ afterFlush }) => afterFlush);
  narrator.line(
    '   The published ports still answer, so a health check stays green: docker-proxy takes over, and',
  );
  narrator.line('   the container no longer knows its clients. Nothing gets out of the containers any more.');

  narrator.step('What is broken, and what that means. Nothing was recorded before: the Engine is asked');
  await operate(demo, ['check'], 1);

  narrator.step("Docker's rules are restored, and nobody else's change is touched");
  await operate(demo, ['restore'], 0);
  await probe(demo, well);
  await operate(demo, ['check'], 0);

  narrator.step('All is well again, and it is recorded');
  await operate(demo, ['snapshot'], 0);

  const after = await rulesNow(hosts.host);
  if (after.filter((line) => line === OWN_RULE).length !== 1) surprises.push('the rule of their own is lost');
  if (
    !isDeepStrictEqual(
      after.filter((line) => line !== OWN_RULE),
      before,
    )
  )
    surprises.push('the rules are not what they were before the incident');
}

/**
 * Plays the incident in namespaces of its own, with real packets, and shows it.
 *
 * @throws Fault RG_PRIVILEGE or RG_MISSING_TOOL when it cannot be played here; RG_INTERNAL when something did not go
 *   as announced
 */
export async function play(output: DemoOutput): Promise<void> {
  const narrator = createNarrator(output);
  await checkMeans();
  const sample = readSample();
  const started = performance.now();
  narrator.line(`rulesguard demo: Docker's NAT rules are lost, found and restored, with real packets.`);
  narrator.line(`This machine's own rules are not touched: everything below happens in throw-away network`);
  narrator.line(
    `namespaces, none of them this machine's own (${ownNamespace()}). They end with this program.`,
  );

  const hosts = await buildHosts();
  const coloured = output.paint('bold', '') !== '';
  const demo: Demonstration = { hosts, narrator, coloured, times: [], surprises: [] };
  try {
    narrator.step('A Docker host, two containers, and somebody outside');
    narrator.map(sample.engine?.version ?? '28.5');
    await loadRules(hosts.host, sample);
    demo.times.push({ what: 'building the hosts', ms: performance.now() - started });
    await incident(demo);
  } finally {
    await hosts.end();
  }
  demo.times.push({ what: 'the whole demo', ms: performance.now() - started });

  narrator.step('How long it took');
  narrator.times(demo.times);
  if (demo.surprises.length > 0)
    throw new Fault('RG_INTERNAL', 2, 'The demo did not go as announced', {
      details: demo.surprises,
      hint: 'This is a defect of rulesguard or of its demo: please report it with everything above.',
    });
  narrator.line(`\nAll works again. The namespaces are gone; this machine's own rules were never touched.`);
}
