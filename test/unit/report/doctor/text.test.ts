import { expect, test } from 'vitest';
import type { Check, Diagnosis } from '../../../../src/doctor/diagnosis.ts';
import { doctorText } from '../../../../src/report/doctor/text.ts';
import { paintWith, printable } from '../../../../src/report/text.ts';
import { BUSY } from '../../../support/doctor/samples/busy.ts';
import { BROKEN, check, DARK, HEALTHY } from '../../../support/doctor/samples/sample.ts';

const plain = paintWith(false);
const told = (diagnosis: Diagnosis, verbose = false): string => doctorText(diagnosis, plain, { verbose });
const rows = (text: string): number =>
  text
    .trimEnd()
    .split('\n')
    .reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 80)), 0);

/** A diagnosis with so many causes and warnings, each with all that a check may have. */
function much(causes: number, warnings: number): Diagnosis {
  const one = (n: number, verdict: Check['verdict']): Check =>
    check({
      section: 'rules',
      code: 'rules',
      verdict,
      title: `thing ${String(n)} is wrong`,
      meaning: 'Something does not get through.',
      evidence: ['one', 'two', 'three', 'four', `-A DOCKER ${'-m comment '.repeat(30)} -j DROP`, 'six'],
      remedies: [
        { what: 'Mend it', commands: [`mend ${String(n)}`, `mend again ${String(n)}`] },
        { what: 'Or not', commands: ['true'] },
      ],
    });
  const all = Array.from({ length: causes }, (_, n) => one(n + 1, 'fail'));
  const rest = Array.from({ length: warnings }, (_, n) => one(100 + n, 'warn'));
  return { ...HEALTHY, verdict: causes > 0 ? 'fail' : 'ok', causes: all, checks: [...all, ...rest] };
}

test.each([
  [HEALTHY, /^HEALTHY {2}this host: .*\(Engine 28\.5\.2, nft\)$/],
  [BROKEN, /^FAULT {2}container web: 2 causes found \(Engine 28\.5\.2, nft\)$/],
  [DARK, /^CANNOT TELL {2}this host: .*1 thing.*\(no Engine answered, rules of iptables-nft\)$/],
  [
    { ...HEALTHY, target: { kind: 'port', address: '::1', port: 80, proto: 'tcp' }, from: 'db' },
    /^HEALTHY {2}port \[::1\]:80\/tcp, from db: /,
  ],
] satisfies [Diagnosis, RegExp][])('the first line begins with the verdict', (diagnosis, line) => {
  for (const verbose of [false, true]) expect(told(diagnosis, verbose).split('\n')[0]).toMatch(line);
});

test('a cause comes before warnings, with its meaning, evidence and command', () => {
  const lines = told(BROKEN).split('\n');
  const at = (part: string): number => lines.findIndex((line) => line.includes(part));
  const order = [
    '1. nat POSTROUTING has lost',
    'No container reaches anything outside',
    'missing: -A POSTROUTING -s 172.17.0.0/16',
    'rulesguard restore',
    '2. a rule that is not Docker’s drops',
    'iptables -D FORWARD 1',
    '! warning  ufw is active',
    '? unknown  web’s resolv.conf',
    '8 checks ok, 3 failed, 1 warning, 1 unknown; 4 paths, 2 broken',
  ].map(at);
  expect(order).not.toContain(-1);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  // The command stands alone, so that it can be taken with a double click.
  expect(lines).toContain('     iptables -D FORWARD 1');
});

test('a verdict of unknown: what could not be read is shown as a cause would be', () => {
  expect(told(DARK)).toContain('connect /run/docker.sock: ECONNREFUSED');
  expect(told(DARK)).toContain('     systemctl status docker');
});

test.each([
  [1, 0],
  [1, 60],
  [2, 3],
  [3, 0],
  [3, 9],
  [4, 9],
  [40, 40],
  [0, 50],
])('%i causes and %i warnings fit on one screen', (causes, warnings) => {
  const text = told(much(causes, warnings));
  expect(rows(text)).toBeLessThanOrEqual(24);
  expect(text).toContain(`${String(causes)} failed`.replace(/^0 failed/, 'checks ok'));
});

test('what does not fit on the screen is counted, and shown by --verbose', () => {
  const diagnosis = much(5, 30);
  expect(told(diagnosis)).toMatch(/… and [2-4] more causes: --verbose/);
  const verbose = told(diagnosis, true);
  for (const { title } of diagnosis.checks) expect(verbose).toContain(title);
  expect(verbose).toContain('mend again 5');
  expect(verbose).not.toContain(' … ');
});

test('a shortened rule keeps its target', () => {
  const long = { ...much(1, 0).causes[0], evidence: [`-A X ${'-m comment '.repeat(30)}-j DROP`] } as Check;
  const text = told({ ...HEALTHY, verdict: 'fail', causes: [long], checks: [long] });
  expect(text).toMatch(/^ {5}-A X .* … .*-j DROP$/m);
});

test('of many lost rules all are counted', () => {
  const [cause] = much(1, 0).causes;
  const hit = { ...cause, evidence: ['a', 'b', 'c', 'd', '… and 20 more: rulesguard check'] } as Check;
  expect(told({ ...HEALTHY, verdict: 'fail', causes: [hit], checks: [hit] })).toContain('d … and 20 more\n');
});

test('sentences are wrapped between words, with an empty line before the summary', () => {
  const [cause] = much(1, 0).causes;
  const meaning = 'containers of this network cannot open connections '.repeat(3).trim();
  const long = { ...cause, evidence: [], meaning } as Check;
  const lines = told({ ...HEALTHY, verdict: 'fail', causes: [long], checks: [long] }).split('\n');
  expect(lines.every((line) => line.length <= 80)).toBe(true);
  expect(lines.join(' ').replaceAll(/ +/g, ' ')).toContain(meaning);
  expect(lines.at(-3)).toBe('');
});

test('--verbose draws the tree and each path, and marks the rule that stops', () => {
  const text = told(BROKEN, true);
  expect(text).toContain('  ├─ docker0  network bridge  172.17.0.1/16  up');
  expect(text).toContain('  │  │  └─ published [::]:8080 → 80/tcp');
  expect(text).toMatch(/filter FORWARD +DROP {2}nft\n +-p tcp .* -j DROP {2}\(4182 packets\)\n +■ stopped/);
  expect(told(BUSY, true)).toContain('MISSING');
});

test('control characters of a rule are escaped', () => {
  const controls = /[^\P{Cc}\n]/u;
  for (const verbose of [false, true]) expect(told(BROKEN, verbose)).not.toMatch(controls);
  expect(told(BROKEN, true)).toContain('\\x1b[2J');
});

test.each([
  ['caf\u00c3\u00a9 \u001b', 'café \\x1b'],
  ['web’s \u00c3\u00a9 “x”', 'web’s é “x”'],
  ['“x” \u00e9 \u009b', '“x” é \\x9b'],
  ['a → b', 'a → b'],
  ['\u00e2\u0080\u00ae', '\\u202e'],
])('printable(%j)', (bytes, text) => {
  expect(printable(bytes)).toBe(text);
});
