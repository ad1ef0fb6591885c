import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { EventProgram } from '../../../../src/host/config/defaults.ts';
import { eventPrograms } from '../../../../src/host/telling/event-programs.ts';
import type { WatchEvent, WatchEventKind } from '../../../../src/watch/event.ts';
import { until } from '../../../support/until.ts';

const folder = mkdtempSync('/var/tmp/rulesguard-event-');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const event = (kind: WatchEventKind, says = 'x'): WatchEvent => ({
  version: 1,
  at: '2026-01-02T03:04:05.678Z',
  kind,
  says,
});

let scripts = 0;
/** A program of these lines of shell. */
function script(...lines: readonly string[]): string {
  const file = path.join(folder, `script-${String(++scripts)}`);
  writeFileSync(file, ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 });
  return file;
}

const told = (...programs: readonly EventProgram[]) => {
  const troubles: string[] = [];
  return { troubles, programs: eventPrograms(programs, (says) => troubles.push(says)) };
};

test('a program gets the event on its standard input, and its arguments as they are', async () => {
  const out = path.join(folder, 'out');
  const program = script(`{ printf '%s\\n' "$1"; cat; } >${out}`);
  const { programs, troubles } = told({ program, arguments: ['$(id) "x"'], kinds: ['damage'] });
  programs.tell(event('started'));
  programs.tell(event('damage', 'a `b` $c'));
  await programs.stop();
  const [argument, line = ''] = readFileSync(out, 'utf8').split('\n');
  expect(argument).toBe('$(id) "x"');
  expect(JSON.parse(line)).toEqual(event('damage', 'a `b` $c'));
  expect(troubles).toEqual([]);
});

test('one that takes too long is killed with what it started, and that is told once', async () => {
  const pid = path.join(folder, 'pid');
  const { programs, troubles } = told({ program: script(`sleep 600 & echo $! >${pid}`, 'wait'), seconds: 1 });
  programs.tell(event('damage'));
  programs.tell(event('repaired'));
  await until(() => troubles.length > 0 && !existsSync(`/proc/${readFileSync(pid, 'utf8').trim()}`));
  await programs.stop();
  expect(troubles).toEqual([expect.stringMatching(/^onEvent: .*: it took longer than 1 s, and was killed$/)]);
});

test('a failure is told with what the program said, and a program that is not safe is not run', async () => {
  const open = script('exit 0');
  chmodSync(open, 0o777);
  const { programs, troubles } = told(
    { program: script('echo no route >&2', 'exit 3') },
    { program: open },
    { program: path.join(folder, 'none') },
  );
  programs.tell(event('damage'));
  programs.tell(event('damage'));
  await until(() => troubles.length >= 3);
  await programs.stop();
  const said = troubles.join('\n');
  expect(troubles).toHaveLength(3);
  for (const why of ['exit 3: no route', 'may be written by others', 'there is no such program'])
    expect(said).toContain(why);
});

test('two run at once, and of a flood what cannot wait is dropped and told once', async () => {
  const { programs, troubles } = told({ program: script(`echo x >>${folder}/ran`, 'sleep 1') });
  for (let each = 0; each < 300; each++) programs.tell(event('source'));
  await until(() => existsSync(`${folder}/ran`) && readFileSync(`${folder}/ran`, 'utf8').length >= 4);
  await programs.stop();
  expect(readFileSync(`${folder}/ran`, 'utf8')).toBe('x\nx\n');
  expect(troubles).toEqual(['onEvent: 100 events wait for programs: more are not told to them']);
});

test('what a program leaves running keeps no event waiting, and a change of programs loses none', async () => {
  const [out, pid] = [path.join(folder, 'after'), path.join(folder, 'left')];
  const leaves = script(`setsid sleep 600 </dev/null >/dev/null & echo $! >>${pid}`);
  const { programs, troubles } = told({ program: leaves });
  for (let each = 0; each < 3; each++) programs.tell(event('damage'));
  programs.use([{ program: script(`cat >${out}`) }]);
  programs.tell(event('repaired'));
  try {
    await until(() => existsSync(out) && readFileSync(out, 'utf8').includes('repaired'));
    await programs.stop();
    expect(readFileSync(pid, 'utf8').trim().split('\n')).toHaveLength(3);
    expect(troubles).toEqual([]);
  } finally {
    for (const one of readFileSync(pid, 'utf8').trim().split('\n')) process.kill(Number(one));
  }
});
