import { describe, expect, test } from 'vitest';
import { diagnoseHost } from '../../../../src/app/diagnose/diagnose-host.ts';
import { recordFacts } from '../../../../src/app/peers/record-facts.ts';
import { replayedHost } from '../../../../src/app/peers/replayed-host.ts';
import { readingsFrom } from '../../../../src/doctor/recorded/read-facts.ts';
import { Fault } from '../../../../src/fault.ts';
import { MOST_OF_FACTS, parseFacts } from '../../../../src/host/peers/facts-file.ts';
import { doctorJson } from '../../../../src/report/doctor/json.ts';
import { healthyFacts, onInside } from '../../../support/doctor/host-facts.ts';
import { failing } from '../../../support/app/diagnosed.ts';
import { memoryDiagnosisHost, WHOLE_RULES } from '../../../support/app/memory-diagnosis-host.ts';
import { withRule } from '../../../support/app/edit-rules.ts';
import { recordedHost } from '../../../support/recorded/observation.ts';

const ABOUT = { host: 'host-b', program: '0.1.0' };
const ASKED = { target: undefined, from: '', probe: false } as const;
const quiet = (): void => undefined;

const factsOf = async (host = memoryDiagnosisHost()): Promise<string> =>
  JSON.stringify(await recordFacts(host, [], ABOUT, quiet));

const replayed = (text: string) => {
  const { about, readings } = readingsFrom(parseFacts(text, 'facts.json'), 'facts.json');
  return replayedHost(readings, about.time);
};

const refusal = (text: string, named?: string): Fault => {
  try {
    readingsFrom(parseFacts(text, 'facts.json', named), 'facts.json');
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('it was not refused');
};

describe('facts of another host are judged as they would be there', () => {
  test.each([
    ['healthy', memoryDiagnosisHost()],
    [
      'rules that could not be read',
      memoryDiagnosisHost(WHOLE_RULES, { readVariants: failing('RG_COMMAND') }),
    ],
    ['links that could not be read', memoryDiagnosisHost(WHOLE_RULES, { readLinks: failing('RG_COMMAND') })],
    [
      'no list of containers',
      memoryDiagnosisHost(WHOLE_RULES, { listContainers: failing('RG_ENGINE_HUNG') }),
    ],
  ])('%s', async (_name, host) => {
    const there = await diagnoseHost(host, ASKED, quiet);
    const here = await diagnoseHost(replayed(await factsOf(host)), ASKED, quiet);
    expect(doctorJson(here.diagnosis)).toEqual(doctorJson(there.diagnosis));
    expect(here.exit).toBe(there.exit);
  });
});

test('what is not installed there: how is not said in the words of a distribution, that of this host least of all', async () => {
  const lacking = memoryDiagnosisHost(WHOLE_RULES, {
    readNatives: () => Promise.resolve(null),
    distribution: () => 'debian',
  });
  const here = await diagnoseHost(replayed(await factsOf(lacking)), ASKED, quiet);
  const said = JSON.stringify(doctorJson(here.diagnosis));
  expect(said).toContain('nft is not installed');
  expect(said).toContain('Install its package, usually called nftables');
  expect(said).not.toContain('apt-get');
});

test('what an Engine’s list has besides is not written: the file fits its schema', async () => {
  const { containers } = healthyFacts();
  const listed = containers.map((one) => ({ ...one, created: 1_700_000_000, labels: { token: 'hunter2' } }));
  const host = memoryDiagnosisHost(WHOLE_RULES, { readContainers: () => Promise.resolve(listed) });
  const text = await factsOf(host);
  expect(parseFacts(text, 'facts.json').host).toBe('host-b');
  expect(text).not.toContain('hunter2');
});

test('of a node of a swarm too: the mesh has an endpoint of its own, and ports that no task serves', async () => {
  const { reply } = recordedHost('engine-28.5-mesh');
  if (!reply.answered) throw new Error('the recorded Engine answered');
  const { inventory } = reply;
  expect(inventory.endpoints.map(({ containerId }) => containerId)).toContain('ingress-sbox');
  const swarm = {
    ...inventory.swarm,
    nodeAddress: '192.0.2.1',
    unservedPorts: [{ proto: 'tcp' as const, port: 9000 }],
  };
  const engine = { ...reply, inventory: { ...inventory, swarm } };
  const asked = () => Promise.resolve(engine);
  const host = memoryDiagnosisHost(WHOLE_RULES, { askAnyEngine: asked, askEngine: asked });
  const { readings } = readingsFrom(parseFacts(await factsOf(host), 'facts.json'), 'facts.json');
  expect(readings.engine.answered && readings.engine.inventory.swarm).toEqual(swarm);
});

describe('what is no file of facts is refused whole', () => {
  test('half a file', async () => {
    const text = await factsOf();
    const { code, message, exit } = refusal(text.slice(0, text.length / 2));
    expect([code, exit]).toEqual(['RG_FACTS', 3]);
    expect(message).toContain('not whole');
  });

  test.each([
    ['an empty file', ''],
    ['something else', '{"hello": 1}'],
    ['a list', '[]'],
    ['nested without end', `${'['.repeat(5000)}${']'.repeat(5000)}`],
    ['more than is read', ' '.repeat(MOST_OF_FACTS + 1)],
  ])('%s', (_name, text) => {
    expect(refusal(text).code).toBe('RG_FACTS');
  });

  test('another format is said to be one', async () => {
    const text = (await factsOf()).replace('"version":1', '"version":7');
    expect(refusal(text).message).toContain('its format is 7');
  });

  /** What is changed somewhere in the document. */
  const CHANGES: readonly (readonly [string, RegExp, string])[] = [
    ['a name of a host that is a command', /"host":"host-b"/, '"host":"b; reboot"'],
    ['an interface that is a command', /"name":"eth0"/, '"name":"$(reboot)"'],
    ['an address that is text', /"address":"192\.0\.2\.1"/, '"address":"x; reboot"'],
    ['a route that is text', /"to":"192\.0\.2\.0\/24"/, '"to":"reboot"'],
    ['a namespace elsewhere', /"netns":"[^"]*"/, '"netns":"/etc/passwd"'],
    ['an unknown field', /"usual":/, '"more":1,"usual":'],
    ['a number for a text', /"usual":"nft"/, '"usual":3'],
    ['more dockerd than a host can hold', /"daemons":1,/, '"daemons":1000000000000000,'],
    ['a day that is none', /"time":"[^"]*"/, '"time":"2026-13-45T99:99:99.999Z"'],
    ['a thirtieth of February', /"time":"[^"]*"/, '"time":"2026-02-30T00:00:00.000Z"'],
  ];
  test.each(CHANGES)('%s', async (_name, what, by) => {
    const text = await factsOf();
    expect(text).toMatch(what);
    expect(refusal(text.replace(what, by)).code).toBe('RG_FACTS');
  });

  test('rules that are no save', async () => {
    const text = (await factsOf()).replace('COMMIT', 'ZOMMIT');
    expect(refusal(text).code).toBe('RG_PARSE');
  });
});

test('a command in a container finds its namespace when it is typed, and not by a process that the file names', async () => {
  const broken = memoryDiagnosisHost(WHOLE_RULES, {
    readContainers: () => Promise.resolve(onInside('web', () => ({ routes: [] }))(healthyFacts()).containers),
  });
  const text = (await factsOf(broken)).replaceAll(/\/proc\/\d+\/ns\/net/g, '/proc/1/ns/net');
  const { diagnosis } = await diagnoseHost(replayed(text), ASKED, quiet);
  const commands = diagnosis.checks.flatMap(({ remedies }) => remedies.flatMap((one) => one.commands));
  expect(commands.filter((command) => command.startsWith('nsenter'))).toEqual([
    "nsenter --net=/proc/$(docker inspect -f '{{.State.Pid}}' web)/ns/net ip route replace default via 172.17.0.1 dev eth0",
  ]);
  expect(JSON.stringify(diagnosis)).not.toContain('/proc/1/');
});

test('a name of a container that is a command stays a word', async () => {
  const named = (await factsOf()).replaceAll('"name":"web"', '"name":"$(reboot) \'; x"');
  const { readings } = readingsFrom(parseFacts(named, 'facts.json'), 'facts.json');
  const read = 'gave' in readings.containers ? readings.containers.gave : [];
  expect(
    read.flatMap(({ inside }) => (inside !== undefined && 'netns' in inside ? [inside.netns] : [])),
  ).toContain("/proc/$(docker inspect -f '{{.State.Pid}}' '$(reboot) '\\''; x')/ns/net");
});

test('what is asked is in the command that makes a file again', () => {
  const { hint } = refusal('{}', '192.0.2.20:8080/tcp');
  expect(hint).toContain('sudo rulesguard doctor --facts 192.0.2.20:8080/tcp > facts.json');
});

test('secrets in rules are not in the facts', async () => {
  const rules = withRule(
    WHOLE_RULES,
    'ipv4',
    'filter',
    '-A FORWARD -m comment --comment "curl --password hunter2" -j ACCEPT',
  );
  const text = await factsOf(memoryDiagnosisHost(rules));
  expect(text).toContain('--password');
  expect(text).not.toContain('hunter2');
});
