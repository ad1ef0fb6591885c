import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Fault } from '../../../../src/fault.ts';
import { readConfig } from '../../../../src/host/config/config.ts';
import { CONFIG_DEFAULTS } from '../../../../src/host/config/defaults.ts';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-config-'));
  file = path.join(folder, 'config.json');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const read = (text: string) => {
  writeFileSync(file, text);
  return readConfig({ path: file, explicit: true });
};
const faultOf = async (text: string) =>
  read(text).then(
    () => expect.unreachable('it was taken'),
    (error: unknown) => error as Fault,
  );

test('what the file does not say is as without a file', async () => {
  expect(await readConfig({ path: file, explicit: false })).toEqual(CONFIG_DEFAULTS);
  expect(await read('{"version": 1}')).toEqual(CONFIG_DEFAULTS);
  expect(await read('{"version": 1, "run": {"confirm": 60}, "hook": {"strict": true}}')).toEqual({
    run: { mode: 'refuse', confirm: 60, rehearsalSeconds: 30 },
    hook: { pre: 'record', post: 'repair', policies: false, strict: true },
    watch: { mode: 'report', settings: 'report', intervalSeconds: 120, onEvent: [] },
    automatic: true,
    wait: 10,
  });
});

test('a file that was named must be there', async () => {
  const fault = await readConfig({ path: file, explicit: true }).catch((error: unknown) => error as Fault);
  expect(fault).toMatchObject({
    code: 'RG_CONFIG',
    exit: 2,
    message: expect.stringContaining(file) as string,
  });
});

test('a file that others may write is not used, nor a link', async () => {
  writeFileSync(file, '{"version": 1}');
  chmodSync(file, 0o666);
  await expect(readConfig({ path: file, explicit: false })).rejects.toMatchObject({ code: 'RG_UNSAFE_FILE' });
  chmodSync(file, 0o644);
  symlinkSync(file, `${file}.link`);
  await expect(readConfig({ path: `${file}.link`, explicit: false })).rejects.toMatchObject({
    code: 'RG_UNSAFE_FILE',
  });
});

describe('a wrong key is named with what is allowed', () => {
  test.each([
    ['"run": {"mode": "refus"}', 'run.mode is "refus": allowed are "refuse", "repair", "report"'],
    ['"run": {"modes": "report"}', 'unknown key run.modes. Did you mean run.mode?'],
    ['"mode": "report"', 'unknown key mode. Did you mean run.mode?'],
    ['"colour": true', 'unknown key colour'],
    ['"run": "report"', 'run is "report": allowed is an object: { … }'],
    ['"run": {"confirm": "60"}', 'run.confirm is "60": allowed is a whole number'],
    ['"run": {"confirm": -1}', 'run.confirm is -1: minimum is 0'],
    ['"run": {"confirm": 1e9}', 'run.confirm is 1000000000: maximum is 86400'],
    ['"hook": {"strict": "yes"}', 'hook.strict is "yes": allowed is true or false'],
    ['"wait": 1.5', 'wait is 1.5: allowed is a whole number'],
    ['"wait": null', 'wait is null: allowed is a whole number'],
    ['"a/b~c": 1', 'unknown key a/b~c'],
    ['"watch": {"mode": "off"}', 'watch.mode is "off": allowed are "report", "repair"'],
    ['"watch": {"mode": {"exposure": "repair"}}', 'watch.mode.outage is missing'],
    ['"watch": {"listens": "x"}', 'unknown key watch.listens. Did you mean watch.listen?'],
    [
      '"watch": {"textfile": "metrics.prom"}',
      'watch.textfile is "metrics.prom": allowed is an absolute path that ends in .prom',
    ],
    [
      '"watch": {"onEvent": [{"program": "page"}]}',
      'watch.onEvent.0.program is "page": allowed is the absolute path of a program',
    ],
    ...['0.0.0.0:9799', ':9799', '192.0.2.1:9799', 'localhost:9799', '[::]:9799', '127.0.0.1'].map(
      (where) => [
        `"watch": {"listen": "${where}"}`,
        `watch.listen is "${where}": allowed is an address that only this host reaches, 127.0.0.1:PORT or [::1]:PORT, or a unix socket, /run/rulesguard/metrics.sock`,
      ],
    ),
  ])('%s', async (keys, line) => {
    const { code, exit, details } = await faultOf(`{"version": 1, ${keys}}`);
    expect({ code, exit, details }).toEqual({ code: 'RG_CONFIG', exit: 2, details: [line] });
  });

  test.each([
    ['{}', 'version is missing: write "version": 1'],
    ['{"version": 2}', 'version is 2: allowed is 1'],
    ['[]', 'the whole is []: allowed is an object: { … }'],
  ])('%s', async (text, line) => {
    expect((await faultOf(text)).details).toEqual([line]);
  });

  test('all of them at once', async () => {
    const { details } = await faultOf('{"version": 1, "wiat": 1, "run": {"mode": 1}, "hook": {"pre": "on"}}');
    expect(details).toHaveLength(3);
  });
});

test.each([
  ['', 'line 1, column 1: it ends too early'],
  ['{"version": 1', 'line 1, column 14: it ends too early'],
  ['{\n  "version": 1,\n}\n', 'line 3, column 1: unexpected }'],
  ['{\n  // seconds\n  "wait": 5\n}', 'line 2, column 3: unexpected // seconds'],
  ["{'version': 1}", "line 1, column 2: unexpected 'version': 1}"],
  ['{"a": 01}', 'line 1, column 8: unexpected 1}'],
  ['{"a": [1, 2}', 'line 1, column 12: unexpected }'],
  ['{"a": [1, 2,]}', 'line 1, column 13: unexpected ]}'],
  ['{"a" 1}', 'line 1, column 6: unexpected 1}'],
  ['{"a": 1} x', 'line 1, column 10: unexpected x'],
  ['{"a": 1} {}', 'line 1, column 10: unexpected {}'],
  ['{"a": "b\n"}', 'line 1, column 7: unexpected "b'],
])('no JSON, and where: %j', async (text, line) => {
  const { message, details } = await faultOf(text);
  expect(message).toContain('it is no JSON');
  expect(details).toEqual([line]);
});
