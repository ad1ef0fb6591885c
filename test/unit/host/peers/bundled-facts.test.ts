import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { execaSync } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { diagnoseHost } from '../../../../src/app/diagnose/diagnose-host.ts';
import { notedHost, recordFacts } from '../../../../src/app/peers/record-facts.ts';
import { writeBundle } from '../../../../src/host/doctor/bundle.ts';
import { readFactsFile } from '../../../../src/host/peers/facts-file.ts';
import { bundleFiles, type BundleSources } from '../../../../src/report/doctor/bundle.ts';
import { memoryDiagnosisHost } from '../../../support/app/memory-diagnosis-host.ts';

const ABOUT = { host: 'host-b', program: '0.1.0' };
const quiet = (): void => undefined;

let folder = '';
let sources: BundleSources;
const file = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-bundled-'));
  const noted = notedHost(memoryDiagnosisHost());
  const { facts, diagnosis } = await diagnoseHost(
    noted.host,
    { target: undefined, from: '', probe: false },
    quiet,
  );
  const about = { host: 'host-b', time: '2026-12-02 00:00:00 UTC', version: '0.1.0' };
  const recorded = await noted.facts(ABOUT, { stuckClients: facts.stuckClients });
  sources = { facts, diagnosis, about, recorded };
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('the facts of a bundle are those that doctor --facts prints', async () => {
  await writeBundle(file('b.tar.gz'), bundleFiles(sources, false), 1);
  const printed = await recordFacts(memoryDiagnosisHost(), [], ABOUT, quiet);
  const time = expect.any(String) as string;
  expect(await readFactsFile(file('b.tar.gz'))).toEqual({
    ...(JSON.parse(JSON.stringify(printed)) as object),
    time,
  });
});

test('a bundle that somebody packed again with tar is taken too', async () => {
  await writeBundle(file('b.tar.gz'), bundleFiles(sources, false), 1);
  execaSync('tar', ['-xzf', file('b.tar.gz'), '-C', folder]);
  execaSync('tar', ['-czf', file('again.tar.gz'), '-C', folder, './rulesguard-doctor']);
  expect((await readFactsFile(file('again.tar.gz'))).host).toBe('host-b');
});

test.each<readonly [name: string, bytes: () => Promise<Buffer | undefined>, why: RegExp]>([
  [
    'masked',
    () => writeBundle(file('refused'), bundleFiles(sources, true), 1).then(() => undefined),
    /it was made with --mask, or by an older rulesguard/,
  ],
  [
    'older',
    () =>
      writeBundle(file('refused'), bundleFiles({ ...sources, recorded: undefined }, false), 1).then(
        () => undefined,
      ),
    /by an older rulesguard/,
  ],
  ['a bomb', () => Promise.resolve(gzipSync(Buffer.alloc(130 * 1024 * 1024))), /unpacks to more than/],
  ['no gzip behind its first bytes', () => Promise.resolve(Buffer.from([0x1f, 0x8b, 8, 0, 1])), /damaged/],
  ['gzip of something else', () => Promise.resolve(gzipSync('hello '.repeat(200))), /no archive of tar/],
  [
    'facts that are none',
    () =>
      writeBundle(file('refused'), [{ name: 'facts.json', text: '{}', encoding: 'utf8' }], 1).then(
        () => undefined,
      ),
    /it holds no facts/,
  ],
])('refused, with the command that makes facts: %s', async (_name, bytes, why) => {
  const made = await bytes();
  if (made !== undefined) writeFileSync(file('refused'), made);
  await expect(readFactsFile(file('refused'), 'web')).rejects.toMatchObject({
    code: 'RG_FACTS',
    message: expect.stringMatching(why) as string,
    hint: 'Make it again on that host: sudo rulesguard doctor --facts web > facts.json',
  });
});
