import { isDeepStrictEqual } from 'node:util';
import { Fault } from '../fault.ts';
import { run } from '../system/command.ts';
import { ownNamespace } from './machine.ts';
import { runRulesguard } from './operator.ts';
import { askAll } from './probes.ts';
import type { Probe, Verdict } from './probes.ts';
import { iptables, loadRules, readSample, rulesNow } from './rules.ts';
import { createTeller } from './tell.ts';
import type { Stage, Teller, Time } from './tell.ts';
import { buildWorld } from './world.ts';
import type { World } from './world.ts';

/** What the play needs beside Node; Debian has them in iptables, iproute2 and util-linux. */
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

/** The play's running account: where it is told, how long it took, and what did not go as told. */
interface Account {
  readonly world: World;
  readonly teller: Teller;
  readonly coloured: boolean;
  readonly times: Time[];
  readonly surprises: string[];
}

async function probe(
  { world, teller, surprises }: Account,
  expected: (probe: Probe) => Verdict,
): Promise<void> {
  const outcomes = await askAll(world);
  teller.outcomes(outcomes);
  for (const {
    probe: { from, to, protocol, ...probe },
    verdict,
  } of outcomes) {
    const wanted = expected({ from, to, protocol, ...probe });
    if (verdict !== wanted)
      surprises.push(
        `${from} → ${to.host}:${String(to.port)}/${protocol} is ${verdict}, should be ${wanted}`,
      );
  }
}

async function operate(account: Account, words: readonly string[], expected: number): Promise<void> {
  const typed = `rulesguard ${words.join(' ')}`;
  account.teller.command(['rulesguard', ...words]);
  const { exitCode, output, ms } = await runRulesguard(account.world, words, account.coloured);
  account.teller.quote(`${output}\n[exit ${String(exitCode)}]`);
  account.times.push({ what: typed, ms });
  if (exitCode !== expected)
    account.surprises.push(`${typed} exits ${String(exitCode)}, should be ${String(expected)}`);
}

const well = (): Verdict => 'well';

async function incident(account: Account): Promise<void> {
  const { world, teller, surprises } = account;
  const before = await rulesNow(world.host);

  teller.step('All is well, and it is recorded');
  await probe(account, well);
  await operate(account, ['snapshot'], 0);

  teller.step('Someone tidies up NAT, and adds a rule of their own');
  const words = ['-t', 'nat', ...OWN_RULE.split(' ')];
  for (const typed of [['-t', 'nat', '-F'], words]) {
    teller.command(['iptables', ...typed]);
    await iptables(world.host, typed);
  }
  await probe(account, ({ afterFlush }) => afterFlush);
  teller.line(
    '   The published ports still answer, so a health check stays green: docker-proxy takes over, and',
  );
  teller.line('   the container no longer knows its clients. Nothing gets out of the containers any more.');

  teller.step('What is broken, and what that means');
  await operate(account, ['check'], 1);

  teller.step("Docker's rules come back, and nobody else's change");
  teller.line(
    '   No Engine runs in this play to vouch for the ports of web: --unvouched takes the baseline at its word.',
  );
  await operate(account, ['restore', '--unvouched'], 0);
  await probe(account, well);
  await operate(account, ['check'], 0);

  const after = await rulesNow(world.host);
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
 * Plays the incident in namespaces of its own, with real packets, and tells it.
 *
 * @throws Fault RG_PRIVILEGE or RG_MISSING_TOOL when it cannot be played here; RG_INTERNAL when something did not go
 *   as told
 */
export async function play(stage: Stage): Promise<void> {
  const teller = createTeller(stage);
  await checkMeans();
  const sample = readSample();
  const started = performance.now();
  teller.line(`rulesguard demo: docker's NAT rules are lost, found and put back, with real packets.`);
  teller.line(`This machine's own rules are not touched: everything below happens in throw-away network`);
  teller.line(`namespaces, none of them this machine's own (${ownNamespace()}). They end with this program.`);

  const world = await buildWorld();
  const coloured = stage.paint('bold', '') !== '';
  const account: Account = { world, teller, coloured, times: [], surprises: [] };
  try {
    teller.step('A Docker host, two containers, and somebody outside');
    teller.map(sample.engine?.version ?? '28.5');
    await loadRules(world.host, sample);
    account.times.push({ what: 'building the world', ms: performance.now() - started });
    await incident(account);
  } finally {
    await world.end();
  }
  account.times.push({ what: 'the whole play', ms: performance.now() - started });

  teller.step('How long it took');
  teller.times(account.times);
  if (account.surprises.length > 0)
    throw new Fault('RG_INTERNAL', 2, 'The play did not go as told', {
      details: account.surprises,
      hint: 'This is a defect of rulesguard or of its demo: please report it with everything above.',
    });
  teller.line(`\nAll works again. The namespaces are gone; this machine's own rules were never touched.`);
}
