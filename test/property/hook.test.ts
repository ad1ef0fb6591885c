import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  withHook,
  withoutHook,
  type BlockFile,
  type FileState,
  type HookFile,
} from '../../src/hooks/file.ts';
import type { SeenFiles } from '../../src/hooks/target.ts';
import { TARGETS } from '../../src/hooks/targets.ts';

const PROGRAM = { path: '/usr/local/bin/rulesguard', nodeFolder: '/opt/node/bin' };
const EMPTY: SeenFiles = { read: () => undefined, list: () => [] };
const MAKING = { program: PROGRAM, vetoFlushAll: true };

const hookFiles = TARGETS.flatMap(({ name, files }) =>
  files(EMPTY, MAKING).map((file) => [name, file] as const),
);
const blocks = hookFiles.filter((one): one is [string, BlockFile] => one[1].kind === 'block');
const isFile = (file: HookFile) => file.kind !== 'link';

/** What a file may contain: no newline at the end, none at all, CRLF, bytes that are not text. */
const content = fc.oneof(
  fc.string({ unit: 'binary-ascii' }),
  fc
    .tuple(
      fc.constantFrom('', '#!/bin/sh', '#!/bin/bash -e\n', '#! /usr/bin/env dash\n', '#!/bin/sh\r\n'),
      fc.array(
        fc.constantFrom(
          '\n',
          'exit 0',
          '# comment',
          'case "$1" in',
          '\\',
          '\r\n',
          '\xff\xfe',
          "trap 'x' EXIT",
        ),
      ),
    )
    .map(([first, lines]) => (lines.length === 0 ? first : `${first}\n${lines.join('\n')}`)),
);
const state: fc.Arbitrary<FileState> = fc.record({ content, mode: fc.integer({ min: 0, max: 0o7777 }) });
const block = fc.constantFrom(...blocks);

/** Scripts for another interpreter than a shell are refused, and not tested here. */
const isShell = ({ content }: FileState): boolean => !/^#!(?!.*(?:sh|dash|bash)\b)/.test(content);

test('removing a hook restores every file with its mode', () => {
  fc.assert(
    fc.property(block, state.filter(isShell), ([name, file], before) => {
      const now = withHook(name, file, before);
      expect(now.content).toContain('rulesguard');
      expect(withoutHook(now)).toEqual(before);
    }),
  );
});

test('a file that the installation created is removed', () => {
  fc.assert(
    fc.property(fc.constantFrom(...hookFiles.filter(([, file]) => isFile(file))), ([name, file]) => {
      if (file.kind === 'link') return;
      const now = withHook(name, file, undefined, ['/made/for/it']);
      expect(withoutHook(now)).toBeUndefined();
      expect(withHook(name, file, now, [])).toEqual(now);
    }),
  );
});

test('a second installation changes nothing', () => {
  fc.assert(
    fc.property(block, state.filter(isShell), ([name, file], before) => {
      const now = withHook(name, file, before);
      expect(withHook(name, file, now)).toEqual(now);
    }),
  );
});

test('lines that a person adds outside the block stay, wherever they are', () => {
  fc.assert(
    fc.property(
      block,
      state.filter(isShell),
      fc.constantFrom('first', 'last'),
      ([name, file], before, where) => {
        const now = withHook(name, file, before);
        const end = now.content === '' || now.content.endsWith('\n') ? '' : '\n';
        const added =
          where === 'last' || now.content.startsWith('#!')
            ? `${now.content}${end}# mine\n`
            : `# mine\n${now.content}`;
        const left = withoutHook({ content: added, mode: now.mode });
        expect(left?.content).toContain('# mine');
        expect(left?.content).not.toContain('rulesguard hook');
      },
    ),
  );
});
