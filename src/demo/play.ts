import { isDeepStrictEqual } from 'node:util';
import { Fault } from '../fault.ts';
import { run } from '../host/command/command.ts';
import { ownNamespace } from './machine.ts';
import { runRulesguard } from './operator.ts';
import { askAll } from './probes.ts';
import type { DemoProbe, ProbeVerdict } from './probes.ts';
import type { DemoFirewall } from './firewalls.ts';
import { iptablesIncident } from './incidents/iptables.ts';
import { nftablesIncident } from './incidents/nftables.ts';
import type { DemoIncident } from './incidents/incident.ts';
import { createNarrator } from './narrator.ts';
import type { DemoOutput, Narrator, StepTime } from './narrator.ts';
import { buildHosts } from './hosts.ts';
import type { DemoHosts } from './hosts.ts';

/** What every demo needs beside Node; Debian has them in util-linux and iproute2. */
const TOOLS = ['unshare', 'nsenter', 'ip'] as const;

const INCIDENTS: Readonly<Record<DemoFirewall, () => DemoIncident>> = {
  iptables: iptablesIncident,
  nftables: nftablesIncident,
};

async function checkMeans(firewall: DemoFirewall): Promise<DemoIncident> {
  if (process.getuid?.() !== 0) {
    const typed = process.env['npm_lifecycle_event'] === 'demo' ? 'npm run demo' : 'rulesguard demo';
    throw new Fault('RG_PRIVILEGE', 3, 'The demo makes network namespaces, and only root may', {
      hint: `sudo ${typed}`,
    });
  }
  const incident = INCIDENTS[firewall]();
  for (const tool of [...TOOLS, ...incident.tools]) await run([tool, tool === 'ip' ? '-V' : '--version']);
  return incident;
}

/** The demo while it runs: where it is shown, how long each part took, and what did not go as announced. */
interface Demonstration {
  readonly incident: DemoIncident;
  readonly hosts: DemoHosts;
  readonly narrator: Narrator;
  readonly coloured: boolean;
  readonly times: StepTime[];
  readonly surprises: string[];
}

async function probe(
  { incident, hosts, narrator, surprises }: Demonstration,
  expected: (probe: DemoProbe) => ProbeVerdict,
): Promise<void> {
  const results = await askAll(hosts, incident.probes);
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
  demo.narrator.command(typed);
  const { exitCode, output, ms } = await runRulesguard(demo.hosts, words, demo.coloured);
  demo.narrator.quote(`${output}\n[exit ${String(exitCode)}]`);
  demo.times.push({ what: typed, ms });
  if (exitCode !== expected)
    demo.surprises.push(`${typed} exits ${String(exitCode)}, should be ${String(expected)}`);
}

const well = (): ProbeVerdict => 'well';

async function playIncident(demo: Demonstration): Promise<void> {
  const { incident, hosts, narrator, surprises } = demo;
  const { damage } = incident;
  const before = await incident.rulesNow(hosts.host);

  narrator.step('All is well');
  await probe(demo, well);

  narrator.step(damage.title);
  for (const { typed, words } of damage.commands) {
    narrator.command(typed);
    await hosts.host.exec(words);
  }
  await probe(demo, ({ afterDamage }) => afterDamage);
  for (const line of damage.told) narrator.line(`   ${line}`);

  narrator.step('What is broken, and what that means. Nothing was recorded before: the Engine is asked');
  await operate(demo, ['check'], 1);

  narrator.step("Docker's rules are restored, and nobody else's change is touched");
  await operate(demo, ['restore'], 0);
  await probe(demo, well);
  await operate(demo, ['check'], 0);

  narrator.step('All is well again, and it is recorded');
  await operate(demo, ['snapshot'], 0);

  if (!(await incident.hasOwnRule(hosts.host))) surprises.push('the rule of their own is lost');
  if (!isDeepStrictEqual(await incident.rulesNow(hosts.host), before))
    surprises.push('the rules are not what they were before the incident');
}

/**
 * Plays an incident in namespaces of its own, with real packets, and shows it.
 *
 * @param firewall - Docker's firewall backend
 * @throws Fault RG_PRIVILEGE or RG_MISSING_TOOL when it cannot be played here; RG_INTERNAL when something did not go
 *   as announced
 */
export async function play(output: DemoOutput, firewall: DemoFirewall): Promise<void> {
  const narrator = createNarrator(output);
  const incident = await checkMeans(firewall);
  const started = performance.now();
  narrator.line(`rulesguard demo: ${incident.lost} lost, found and restored, with real packets.`);
  narrator.line(`This machine's own rules are not touched: everything below happens in throw-away network`);
  narrator.line(
    `namespaces, none of them this machine's own (${ownNamespace()}). They end with this program.`,
  );

  const hosts = await buildHosts(firewall);
  const coloured = output.paint('bold', '') !== '';
  const demo: Demonstration = { incident, hosts, narrator, coloured, times: [], surprises: [] };
  try {
    narrator.step('A Docker host, two containers, and somebody outside');
    narrator.map(incident);
    await incident.load(hosts.host);
    demo.times.push({ what: 'building the hosts', ms: performance.now() - started });
    await playIncident(demo);
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
