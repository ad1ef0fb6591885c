import { describe, expect, test } from 'vitest';
import { readArguments, type Arguments } from '../../../../../src/firewall/iptables/text/arguments.ts';

const split = (line: string): readonly string[] => line.split(' ').filter((word) => word !== '');
const FLUSH: Arguments = { table: 'filter', command: '-F', operands: [], rulespec: [] };
const NAT_FLUSH: Arguments = { ...FLUSH, table: 'nat' };

describe('readArguments', () => {
  test.each<[line: string, read: Partial<Arguments>]>([
    ['-F', FLUSH],
    ['--flush', FLUSH],
    ['--fl', FLUSH],
    ['-t nat -F', NAT_FLUSH],
    ['-tnat -F', NAT_FLUSH],
    ['--table=nat -F', NAT_FLUSH],
    ['--table nat -F', NAT_FLUSH],
    ['--tab nat -F', NAT_FLUSH],
    ['-F -t nat', NAT_FLUSH],
    ['-w -F', FLUSH],
    ['-w 5 -F', FLUSH],
    ['-w5 -F', FLUSH],
    ['--wait -F', FLUSH],
    ['--wait=5 -F', FLUSH],
    ['--wait 5 -t nat -F', NAT_FLUSH],
    ['-F -w', FLUSH],
    ['-v -v -F', FLUSH],
    ['-vF', FLUSH],
    ['-vF INPUT', { ...FLUSH, operands: ['INPUT'] }],
    ['-FINPUT', { ...FLUSH, operands: ['INPUT'] }],
    // A value that is joined takes the rest of its bundle.
    ['-FX', { ...FLUSH, operands: ['X'] }],
    ['--flush=INPUT', { ...FLUSH, operands: ['INPUT'] }],
    ['-F INPUT -w 5', { ...FLUSH, operands: ['INPUT'] }],
    ['-nvL', { command: '-L', operands: [] }],
    ['-L INPUT 1 -n -v -x --line-numbers', { command: '-L', operands: ['INPUT', '1'] }],
    ['-L --line', { command: '-L' }],
    ['--list-r', { command: '-S' }],
    ['-P INPUT DROP', { command: '-P', operands: ['INPUT', 'DROP'] }],
    ['-PINPUT DROP', { command: '-P', operands: ['INPUT', 'DROP'] }],
    ['--policy=INPUT DROP', { command: '-P', operands: ['INPUT', 'DROP'] }],
    ['--delete INPUT 1', { command: '-D', operands: ['INPUT', '1'], rulespec: [] }],
    ['-A INPUT -i eth0 -j DROP', { command: '-A', rulespec: ['-i', 'eth0', '-j', 'DROP'] }],
    ['-A INPUT -t nat -j DROP', { table: 'nat', command: '-A', rulespec: ['-j', 'DROP'] }],
    ['-A INPUT ! -i lo', { command: '-A', rulespec: ['!', '-i', 'lo'] }],
    ['-A INPUT --source 192.0.2.1', { command: '-A', rulespec: ['--source', '192.0.2.1'] }],
    ['-A INPUT', { command: '-A', operands: ['INPUT'], rulespec: [] }],
    ['-I INPUT 2 -j DROP', { command: '-I', operands: ['INPUT', '2'], rulespec: ['-j', 'DROP'] }],
  ])('reads %s', (line, read) => {
    expect(readArguments(split(line))).toMatchObject(read);
  });

  test.each([
    ['two commands', '-F -X'],
    ['the same command twice', '-F -F'],
    ['no command', '-t nat'],
    ['nothing', ''],
    ['a name that may be two', '--f'],
    ['a name that may be two commands', '--del INPUT 1'],
    ['a table that is none', '-t nosuch -F'],
    ['a table that is missing', '-F -t'],
    ['two tables', '-t nat -t filter -F'],
    ['a second chain', '-F INPUT FORWARD'],
    ['a chain apart from its command', '-F -v INPUT'],
    ['a chain where seconds are read', '-F -w INPUT'],
    ['seconds twice', '-w 5 5 -F'],
    ['a listing option beside another command', '-F -n'],
    ['a listing option beside -S', '-S -n'],
    ['a flag twice that may stand once', '-L -n -n'],
    ['a rule behind a command that takes none', '-F -j DROP'],
    ['half a policy', '-P INPUT'],
    ['a policy apart from its chain', '-P INPUT -t filter DROP'],
    ['help, which does nothing', '-F -h'],
    ['the version, which does nothing', '-F -V'],
    ['the other family', '-6 -F'],
    ['counters', '-c 1 2 -F'],
    ['the end of options', '-- -F'],
    ['a value for a flag', '--verbose=1 -F'],
    ['an inner name of an option', '-L -0'],
    ['a negated command', '! -F'],
    ['replace', '-R INPUT 1 -j DROP'],
    ['rename', '-E A B'],
  ])('leaves %s to the tool', (_, line) => {
    expect(readArguments(split(line))).toBeUndefined();
  });

  test.each([
    ['an empty word', ['-F', '']],
    ['a byte that is no plain ASCII', ['-F', 'DOCK\u00c9R']],
    ['a newline', ['-F\n']],
  ])('leaves %s to the tool', (_, words) => {
    expect(readArguments(words)).toBeUndefined();
  });
});
