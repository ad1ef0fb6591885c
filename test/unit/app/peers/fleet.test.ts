import { expect, test } from 'vitest';
import { fleetOf } from '../../../../src/app/peers/read-fleet.ts';
import { recordFacts } from '../../../../src/app/peers/record-facts.ts';
import type { FactsJson } from '../../../../src/doctor/recorded/facts-json.ts';
import { parseFacts } from '../../../../src/host/peers/facts-file.ts';
import { matrixText } from '../../../../src/report/peers/matrix.ts';
import { paintWith } from '../../../../src/report/text.ts';
import { edited } from '../../../support/edited.ts';
import { memoryDiagnosisHost } from '../../../support/app/memory-diagnosis-host.ts';

const nothing = (): void => undefined;

/** Files of facts of a fleet on one wire: copies of a recorded host, each with an address of its own. */
async function fleet(size: number, change: (text: string, at: number) => string = (text) => text) {
  const about = { host: 'host', program: '0.1.0' };
  const text = JSON.stringify(await recordFacts(memoryDiagnosisHost(), [], about, nothing));
  return Array.from({ length: size }, (_, at) => {
    const own = text
      .replace('"host":"host"', `"host":"host-${String(at)}"`)
      .replaceAll('"192.0.2.1"', `"192.0.2.${String(at + 10)}"`);
    return change(own, at);
  });
}

const NOW = Date.now();
const read = (texts: readonly string[]) =>
  fleetOf(
    texts.map((text, at) => {
      const source = `host-${String(at)}.json`;
      return [source, parseFacts(text, source) satisfies FactsJson] as const;
    }),
    NOW,
  );

test('everybody reaches every published port of a healthy fleet', async () => {
  const matrix = read(await fleet(4));
  expect(matrix.causes).toEqual([]);
  expect(matrix.verdict).toBe('ok');
  expect(matrix.ways).toBe(matrix.open);
  expect(matrix.ways).toBeGreaterThanOrEqual(4 * 3);
});

test('one line a cause, with the host, the rule, and how many ways it cuts', async () => {
  const drop = (text: string, at: number) =>
    at === 2
      ? edited(text, /(\[\d+:\d+\] -A FORWARD -j DOCKER-USER)/, '[0:0] -A FORWARD -j DROP\\n$1')
      : text;
  const matrix = read(await fleet(4, drop));
  expect(matrix.verdict).toBe('fail');
  expect(matrix.causes).toHaveLength(1);
  const [cause] = matrix.causes;
  expect(cause).toMatchObject({ host: 'host-2', verdict: 'fail' });
  expect(cause?.ways).toBe(matrix.ways - matrix.open);
  expect([...(cause?.hosts ?? [])].sort()).toEqual(['host-0', 'host-1', 'host-3']);
  const [head, line, ...rest] = matrixText(matrix, paintWith(false)).trimEnd().split('\n');
  expect(head).toMatch(/^FAULT {2}4 hosts/);
  expect(line).toContain('host-2: DROP by a rule of filter FORWARD: -A FORWARD -j DROP');
  expect(rest).toEqual([]);
});

test('a rule against one host alone cuts its questions and its answers, and nobody else’s', async () => {
  const drop = (text: string, at: number) =>
    at === 0
      ? edited(
          text,
          /(\[\d+:\d+\] -A FORWARD -j DOCKER-USER)/,
          '[0:0] -A FORWARD -s 192.0.2.13/32 -j DROP\\n$1',
        )
      : text;
  const matrix = read(await fleet(5, drop));
  expect(matrix.causes.map(({ host, hosts }) => [host, hosts])).toEqual([
    ['host-0', ['host-3']],
    ['host-0', ['host-3']],
  ]);
});

test('50 hosts are judged within two seconds', async () => {
  const texts = await fleet(50);
  const before = process.cpuUsage();
  const matrix = read(texts);
  const { user, system } = process.cpuUsage(before);
  expect(matrix.hosts).toHaveLength(50);
  expect(matrix.verdict).toBe('ok');
  // Of the processor, for others work here too; twice the promise, for coverage counts every line.
  expect((user + system) / 1e6).toBeLessThan(4);
});
