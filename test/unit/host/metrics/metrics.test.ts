import { mkdtempSync, rmSync, statSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { metricsOf, type MetricsOutside } from '../../../../src/host/metrics/metrics.ts';
import { serve } from '../../../../src/host/metrics/serve.ts';
import { textfile } from '../../../../src/host/metrics/textfile.ts';
import type { WatchEvent } from '../../../../src/watch/event.ts';
import { until } from '../../../support/until.ts';
import { author, EXPOSURE, OUTAGE } from '../../../support/watch/world.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-metrics-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const made = (outside: Partial<MetricsOutside> = {}) => {
  const clock = { now: 0 };
  const metrics = metricsOf({
    version: '1.2.3',
    now: () => clock.now,
    isHeld: () => Promise.resolve(false),
    mode: () => 'report',
    baselineTime: () => Promise.resolve(undefined),
    ...outside,
  });
  const value = async (sample: string): Promise<number | undefined> => {
    const line = (await metrics.text()).split('\n').find((one) => one.startsWith(`${sample} `));
    return line === undefined ? undefined : Number(line.slice(sample.length + 1));
  };
  return { ...metrics, clock, value };
};

const event = (more: Partial<WatchEvent> & Pick<WatchEvent, 'kind'>): WatchEvent => ({
  version: 1,
  at: '2026-01-02T03:04:05.678Z',
  says: '',
  ...more,
});

test('an exposure is counted from the first change to its end, and while it lasts', async () => {
  const { meter, clock, value } = made();
  const seconds = 'rulesguard_exposure_seconds_total';
  meter.looked([]);
  clock.now = 1_000;
  meter.looked([EXPOSURE]);
  meter.noted(event({ kind: 'damage', effects: [EXPOSURE], lasted: 250 }));
  expect(await value(seconds)).toBeCloseTo(0.25);
  expect(await value('rulesguard_broken_ways{severity="exposure"}')).toBe(EXPOSURE.cells);
  clock.now = 3_000;
  expect(await value(seconds)).toBeCloseTo(2.25);
  clock.now = 4_000;
  meter.looked([]);
  meter.noted(
    event({ kind: 'repaired', effects: [EXPOSURE], repair: { toDetect: 250, toRepair: 3_000, journal: [] } }),
  );
  clock.now = 9_000;
  expect(await value(seconds)).toBeCloseTo(3.25);
  expect(await value('rulesguard_broken_ways{severity="exposure"}')).toBe(0);
  expect(await value('rulesguard_outage_seconds_total')).toBe(0);
});

test('what is broken shows, also where packets could not be followed and no way is counted', async () => {
  const { meter, value } = made();
  meter.looked([{ ...EXPOSURE, cells: 0 }, OUTAGE]);
  expect(await value('rulesguard_broken_ways{severity="exposure"}')).toBe(1);
  expect(await value('rulesguard_broken_ways{severity="outage"}')).toBe(OUTAGE.cells);
  expect(await value('rulesguard_broken_ways{severity="notice"}')).toBe(0);
});

test('one that was repaired before a look found it is counted too', async () => {
  const { meter, value } = made();
  meter.noted(event({ kind: 'damage', effects: [EXPOSURE], lasted: 2 }));
  meter.noted(
    event({ kind: 'repaired', effects: [EXPOSURE], repair: { toDetect: 2, toRepair: 8, journal: [] } }),
  );
  expect(await value('rulesguard_exposure_seconds_total')).toBeCloseTo(0.01);
  expect(await value('rulesguard_time_to_repair_seconds_bucket{le="0.01"}')).toBe(1);
  expect(await value('rulesguard_time_to_repair_seconds_bucket{le="0.005"}')).toBe(0);
  expect(await value('rulesguard_repairs_total{result="repaired"}')).toBe(1);
});

test('programs are labels, but never more than a few, whatever they call themselves', async () => {
  const { meter, text } = made();
  for (let each = 0; each < 500; each++) meter.changed(author(`program-${String(each)}`));
  for (const name of ['a"b', 'x\ny', '', '\u202e', 'a'.repeat(15)]) meter.changed(author(name));
  meter.changed(undefined);
  meter.noted(event({ kind: 'damage', effects: [OUTAGE], by: [author('x\n"} 1')], lasted: 1 }));
  const lines = (await text()).split('\n');
  const changes = lines.filter((line) => line.startsWith('rulesguard_rule_changes_total{'));
  expect(changes).toHaveLength(32);
  expect(changes).toContain('rulesguard_rule_changes_total{program="other"} 475');
  expect(changes).toContain('rulesguard_rule_changes_total{program="unknown"} 1');
  expect(lines).toContain('rulesguard_damage_total{severity="outage",program="other"} 1');
});

test('what is configured and held shows', async () => {
  const { value, meter } = made({
    isHeld: () => Promise.resolve(true),
    mode: () => ({ exposure: 'repair', outage: 'report' }),
    baselineTime: () => Promise.resolve(1_700_000_000),
  });
  meter.declared(false);
  expect(await value('rulesguard_declaration_unread')).toBe(1);
  expect(await value('rulesguard_repairs_held')).toBe(1);
  expect(await value('rulesguard_repair_enabled{severity="exposure"}')).toBe(1);
  expect(await value('rulesguard_repair_enabled{severity="outage"}')).toBe(0);
  expect(await value('rulesguard_baseline_timestamp_seconds')).toBe(1_700_000_000);
  expect(await value('rulesguard_build_info{version="1.2.3"}')).toBe(1);
});

test('a textfile may be read by everybody, and what keeps it from being written is told', async () => {
  const file = path.join(folder, 'rulesguard.prom');
  const states: (string | undefined)[] = [];
  const told = (why: string | undefined) => void states.push(why);
  await textfile(file, () => Promise.resolve('metrics\n'), told).stop();
  expect(readFileSync(file, 'utf8')).toBe('metrics\n');
  expect(statSync(file).mode & 0o777).toBe(0o644);
  await textfile(path.join(folder, 'no', 'x.prom'), () => Promise.resolve(''), told).stop();
  expect(states).toEqual([undefined, expect.stringContaining('could not be written')]);
});

test('a unix socket serves metrics and health, also where a process before left one; nothing else is answered', async () => {
  const socketPath = path.join(folder, 'm.sock');
  const health: { why?: string } = {};
  const served = {
    metrics: () => Promise.resolve('m 1\n'),
    contentType: 'text/plain',
    unwell: () => health.why,
  };
  const listening = (): Promise<ReturnType<typeof serve>> =>
    new Promise((resolve, reject) => {
      const server = serve(socketPath, served, (trouble) => {
        if (trouble === undefined) resolve(server);
        else reject(new Error(trouble));
      });
    });
  const ask = (url: string, method = 'GET'): Promise<[number | undefined, string]> =>
    new Promise((resolve, reject) => {
      request({ socketPath, path: url, method }, (answer) => {
        let text = '';
        answer.on('data', (data) => (text += String(data)));
        answer.on('end', () => {
          resolve([answer.statusCode, text]);
        });
      })
        .on('error', reject)
        .end();
    });
  const server = await listening();
  expect(await ask('/metrics')).toEqual([200, 'm 1\n']);
  expect(await ask('/healthz')).toEqual([200, 'ok\n']);
  health.why = 'no look';
  expect(await ask('/healthz')).toEqual([503, 'no look\n']);
  expect((await ask('/metrics', 'POST'))[0]).toBe(405);
  expect((await ask('/etc/passwd'))[0]).toBe(404);
  await server.stop();
  writeFileSync(socketPath, '');
  await expect(listening()).rejects.toThrow('EADDRINUSE');
  rmSync(socketPath);
  const other = createServer().listen(socketPath);
  await once(other, 'listening');
  await expect(listening()).rejects.toThrow('EADDRINUSE');
  expect(statSync(socketPath).isSocket()).toBe(true);
  other.close();
});

test('a place that is none is said to be none', async () => {
  const served = { metrics: () => Promise.resolve(''), contentType: '', unwell: () => undefined };
  const said: (string | undefined)[] = [];
  const server = serve('127.0.0.1:99999', served, (trouble) => said.push(trouble));
  await until(() => said.length > 0);
  await server.stop();
  expect(said[0]).toContain('99999');
});
