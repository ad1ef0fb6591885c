import { expect, test } from 'vitest';
import { Fault } from '../../../src/fault.ts';
import { withHook, withoutHook, type BlockFile } from '../../../src/hooks/file.ts';
import { UFW } from '../../../src/hooks/ufw.ts';

const PROGRAM = { path: '/usr/local/bin/rulesguard', nodeFolder: '' };
const files = UFW.files({ read: () => undefined, list: () => [] }, { program: PROGRAM, vetoFlushAll: false });
const [before, after] = files as readonly [BlockFile, BlockFile];
const linesOf = (content: string): readonly string[] => content.split('\n');

test('the block of a program comes right after its first line: no exit of its own can skip it', () => {
  const now = withHook('ufw', before, { content: '#!/bin/sh\nexit 0\n', mode: 0o755 });
  expect(linesOf(now.content)[1]).toBe('# >>> rulesguard hook ufw >>> was=0755');
  expect(linesOf(now.content).slice(-3)).toEqual(['# <<< rulesguard hook ufw <<<', 'exit 0', '']);
});

test('a program that nobody could run does not come to life with the hook', () => {
  const now = withHook('ufw', after, { content: '#!/bin/sh\nrm -rf /srv\n', mode: 0o640 });
  expect(now.mode).toBe(0o750);
  expect(linesOf(now.content).indexOf('exit 0')).toBeLessThan(linesOf(now.content).indexOf('rm -rf /srv'));

  const ran = withHook('ufw', after, { content: '#!/bin/sh\necho hello\n', mode: 0o755 });
  expect(linesOf(ran.content)).not.toContain('exit 0');
});

test.each(['#!/usr/bin/python3', '#!/usr/bin/env perl', '#!/usr/bin/perl -w'])(
  'a program for another interpreter is refused: %s',
  (first) => {
    const refused = () => withHook('ufw', before, { content: `${first}\n`, mode: 0o755 });
    expect(refused).toThrow(Fault);
    expect(refused).toThrow(/before\.init: it is a program for (?:python3|perl)/);
  },
);

test('a file of ours does not take the place of another', () => {
  const own = { kind: 'own', path: '/usr/local/sbin/iptables', mode: 0o755, lines: ['true'] } as const;
  expect(() => withHook('front', own, { content: '#!/bin/sh\n', mode: 0o755 })).toThrow(/it is not ours/);
});

test('a mode that somebody changed since stays', () => {
  const now = withHook('ufw', before, { content: '#!/bin/sh\n', mode: 0o644 });
  expect(withoutHook({ ...now, mode: 0o700 })).toEqual({ content: '#!/bin/sh\n', mode: 0o700 });
  expect(withHook('ufw', before, { ...now, mode: 0o700 }).mode).toBe(0o700);
});

test('a hook that can no longer be run is set right by another installation', () => {
  const now = withHook('ufw', before, { content: '#!/bin/sh\n', mode: 0o644 });
  expect(withHook('ufw', before, { ...now, mode: 0o644 })).toEqual(now);
});
