import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withHook, withoutHook, type BlockFile, type FileState, type HookFile } from '../../src/hook/file.ts';
import type { Seen } from '../../src/hook/target.ts';
import { TARGETS } from '../../src/hook/targets.ts';

const PROGRAM = { path: '/usr/local/bin/rulesguard', nodeFolder: '/opt/node/bin' };
const EMPTY: Seen = { read: () => undefined, list: () => [] };
const MAKING = { program: PROGRAM, vetoFlushAll: true };

const hookFiles = TARGETS.flatMap(({ name, files }) =>
  files(EMPTY, MAKING).map((file) => [name, file] as const),
);
const blocks = hookFiles.filter((one): one is [string, BlockFile] => one[1].kind === 'block');
const isFile = (file: HookFile) => file.kind !== 'link';

/** Whatever a person may have written there: no newline at the end, none at all, CRLF, bytes that are no text. */
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

/** A content that another program's interpreter reads is refused: not what these are about. */
const isShell = ({ content }: FileState): boolean => !/^#!(?!.*(?:sh|dash|bash)\b)/.test(content);

test('taking a hook out leaves every file as it was, mode and all', () => {
  fc.assert(
    fc.property(block, state.filter(isShell), ([name, file], before) => {
      const now = withHook(name, file, before);
      expect(now.content).toContain('rulesguard');
      expect(withoutHook(now)).toEqual(before);
    }),
  );
});

test('what was not there is gone again', () => {
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

test('what a person adds outside the block stays, wherever it stands', () => {
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
