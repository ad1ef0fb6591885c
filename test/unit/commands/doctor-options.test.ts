import { expect, test } from 'vitest';
import yargs from 'yargs';
import { doctorOptions } from '../../../src/commands/verbs/doctor.ts';

/** What is said against words of the command line; '' for nothing. */
function refusal(...words: readonly string[]): string {
  let said = '';
  yargs(['doctor', ...words])
    .command('doctor [target]', 'why', doctorOptions, () => undefined)
    .exitProcess(false)
    .fail((message, error) => {
      said = error instanceof Error ? error.message : message;
    })
    .parseSync();
  return said;
}

test.each([
  ['a target is not asked about', ['web', '--matrix', 'a.json', 'b.json'], /web is not asked about/],
  ['one host is no fleet', ['--matrix', 'a.json'], /two hosts or more/],
  ['two askers', ['web', '--to', '192.0.2.1:80', '--peer', 'c', '--here', 'a', '--here', 'b'], /--here was/],
  ['two others', ['web', '--to', '192.0.2.1:80', '--peer', 'a', '--peer', 'b'], /--peer was given more/],
  ['two addresses', ['web', '--to', '192.0.2.1:80', '--to', '192.0.2.2:80'], /--to was given more than once/],
])('refused: %s', (_name, words, said) => {
  expect(refusal(...words)).toMatch(said);
});

test.each([
  ['two files', ['--matrix', 'a.json', 'b.json']],
  ['two files, each by itself', ['--matrix', 'a.json', '--matrix', 'b.json', '--mask']],
  ['two hosts', ['web', '--to', '192.0.2.1:80', '--here', 'a.json', '--peer', 'b.json']],
])('taken: %s', (_name, words) => {
  expect(refusal(...words)).toBe('');
});
