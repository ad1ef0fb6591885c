import { describe, expect, test } from 'vitest';
import type { Prober } from '../../../../src/app/diagnose/ports.ts';
import type { ProbeAnswer } from '../../../../src/doctor/probe/result.ts';
import { without } from '../../../support/app/edit-rules.ts';
import { codesOf, diagnosed } from '../../../support/app/diagnosed.ts';
import { memoryDiagnosisHost, WHOLE_RULES } from '../../../support/app/memory-diagnosis-host.ts';

test('a healthy host: exit 0, nothing is unknown, and no packet is sent', async () => {
  const found = await diagnosed();
  expect(codesOf(found, 'unknown')).toEqual([]);
  expect(found).toMatchObject({ exit: 0, diagnosis: { verdict: 'ok' }, steps: ['gathering'] });
});

test('an argument that names nobody: exit 2', async () => {
  await expect(diagnosed(WHOLE_RULES, {}, { target: 'nobody' })).rejects.toMatchObject({
    code: 'RG_USAGE',
    exit: 2,
  });
});

test('an argument that is a port: the container behind it is read in depth', async () => {
  const named = new Set<string>();
  const host = memoryDiagnosisHost();
  const readContainers: typeof host.readContainers = (query) => {
    for (const name of query.named) named.add(name);
    return host.readContainers(query);
  };
  await diagnosed(WHOLE_RULES, { readContainers }, { target: 'localhost:8080', from: 'mate' });
  expect([...named]).toEqual(['localhost:8080', 'mate', 'localhost', 'web']);
});

describe("Docker's rules while the Engine is in the middle of a change", () => {
  const damaged = without(WHOLE_RULES, 'ipv4', 'nat', /^-A PREROUTING /);
  const readVariants = memoryDiagnosisHost(damaged).readVariants;

  test('lost in the first reading alone: no fault, and packets are followed through the newer rules', async () => {
    const found = await diagnosed(WHOLE_RULES, { readVariants });
    expect(found.facts.drift).toMatchObject({ findings: [] });
    expect(found.facts.netState.rulesets[0]?.rules).toBe(WHOLE_RULES);
    expect(found.exit).toBe(0);
  });

  test('lost in each reading: a fault, exit 1', async () => {
    const found = await diagnosed(damaged, { readVariants });
    expect(codesOf(found, 'fail')).toContain('rules-lost');
    expect(found.exit).toBe(1);
  });
});

describe('with --probe', () => {
  const replying =
    (answer: ProbeAnswer): Prober['sendProbes'] =>
    (probes) =>
      Promise.resolve({
        replies: new Map(
          probes.flatMap(({ packet }) =>
            'unavailable' in packet ? [] : [[packet, { answer, detail: '' }] as const],
          ),
        ),
        before: undefined,
        after: undefined,
        packets: undefined,
        notes: ['tcpdump is not installed'],
      });

  test('packets that are answered are among the checks', async () => {
    const found = await diagnosed(WHOLE_RULES, { sendProbes: replying('answered') }, { probe: true });
    const proof = found.diagnosis.checks.filter(({ section }) => section === 'proof');
    expect(proof.map(({ code }) => code)).toContain('proof-passed');
    expect(proof[0]?.evidence).toContain('tcpdump is not installed');
    expect(found.steps).toEqual(['gathering', 'probing']);
  });

  test('packets that are lost make a fault of a host that looks healthy: exit 1', async () => {
    const found = await diagnosed(
      WHOLE_RULES,
      { sendProbes: replying('unreachable') },
      { probe: true, target: 'web' },
    );
    expect(found).toMatchObject({ exit: 1, diagnosis: { verdict: 'fail' } });
    expect(found.diagnosis.causes.map(({ section }) => section)).toContain('proof');
  });

  test('is asked for only the variants that hold rules', async () => {
    let variants: readonly string[] = [];
    const sendProbes: Prober['sendProbes'] = (probes, held) => {
      variants = held;
      return replying('answered')(probes, held, undefined);
    };
    await diagnosed(WHOLE_RULES, { sendProbes }, { probe: true });
    expect(variants).toEqual(['nft']);
  });
});
