import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Diagnosis } from '../../../src/doctor/diagnosis.ts';
import { createHost, type Host } from '../../support/host.ts';
import { describeEngines } from '../../support/incident/eras.ts';
import { container, network, option } from '../../support/lab/build.ts';
import { startEngine, type Engine } from '../../support/lab/engine.ts';
import { ERAS } from '../../support/lab/eras.ts';

/** What Go's ParseBool takes, each with what it means. */
const SPELLINGS = [
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
];
/** One of which the one alone is off, and one of which the other. */
const ICC_OFF = 'n9';
const MASQUERADE_OFF = 'n3';

/** Network k has the k-th spelling for icc and another for masquerading, so that all four pairs of meanings are there. */
const NETWORKS = SPELLINGS.map(([icc], k) => ({
  name: `n${String(k)}`,
  subnet: `10.77.${String(k)}.0/24`,
  icc,
  masquerade: SPELLINGS[(k + 3) % SPELLINGS.length]?.[0] ?? '',
}));

describeEngines('every spelling of a boolean option', (era) => {
  let engine: Engine;
  let host: Host;

  beforeAll(async () => {
    engine = await startEngine({ era, daemonArgs: ERAS[era].ipv6Args });
    host = createHost(engine);
    for (const { name, subnet, icc, masquerade } of NETWORKS)
      await network(engine, name, [
        ...['--subnet', subnet],
        ...option('enable_icc', icc),
        ...option('enable_ip_masquerade', masquerade),
      ]);
    for (const on of [ICC_OFF, MASQUERADE_OFF])
      for (const name of ['one', 'two']) await container(engine, `${on}-${name}`, ['--network', on]);
  });
  afterAll(async () => {
    host.dispose();
    await engine.stop();
  });

  test('the Engine writes what the spelling means', async () => {
    const { stdout } = await engine.execInside('iptables-save', []);
    const dropped = NETWORKS.filter((_, k) => SPELLINGS[k]?.[1] === false);
    expect(stdout.split('\n').filter((line) => /^-A \S+ -i (\S+) -o \1 -j DROP/.test(line))).toHaveLength(
      dropped.length,
    );
    const masqueraded = NETWORKS.filter(({ subnet }) => stdout.includes(`-s ${subnet} ! -o `));
    const isOn = new Map(SPELLINGS);
    expect(masqueraded).toEqual(NETWORKS.filter(({ masquerade }) => isOn.get(masquerade)));
  });

  test('the Engine refuses any other spelling', async () => {
    for (const name of ['enable_icc', 'enable_ip_masquerade', 'inhibit_ipv4'])
      for (const text of ['yes', 'tRUE', ''])
        await expect(network(engine, 'never', option(name, text))).rejects.toThrow(
          /failed to parse|invalid syntax/,
        );
  });

  test('snapshot records the host, check is INTACT, doctor HEALTHY', async () => {
    expect((await host.run(['check'])).stdout).toMatch(/^INTACT/);
    expect((await host.run(['snapshot'])).stdout).toMatch(/^RECORDED/);
    expect((await host.run(['check'])).stdout).toMatch(/^INTACT/);
    const { code, stdout } = await host.attempt(['doctor', '--json']);
    const diagnosis = JSON.parse(stdout) as Diagnosis;
    expect(diagnosis.checks.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    expect(code).toBe(0);
  });

  test('asked why a closed path fails, doctor names the option, and offers no rule of Docker’s for deletion', async () => {
    const asked = ['doctor', `${ICC_OFF}-two`, '--from', `${ICC_OFF}-one`];
    const { stdout } = await host.attempt(asked);
    expect(stdout).toContain(`network ${ICC_OFF} was made with icc=false`);
    expect(stdout).not.toMatch(/ -D |delete/);
    const outbound = await host.attempt(['doctor', `${MASQUERADE_OFF}-one`]);
    expect(outbound.stdout).toContain(`network ${MASQUERADE_OFF} was made without masquerading`);
    expect(outbound.stdout).not.toMatch(/ -D |delete|lost/);
  });
});
