import { describe, expect, test } from 'vitest';
import { makeRule } from '../../../../../src/firewall/iptables/text/model.ts';
import {
  renderInput,
  renderStep,
  type Step,
} from '../../../../../src/firewall/iptables/text/restore-input.ts';
import { faultOf } from '../../../../support/text.ts';

const rule = makeRule('-A FORWARD -i docker0 -o docker0 -j ACCEPT', '7:420');
const plain = makeRule('-A FORWARD -j DOCKER-USER');

describe('renderStep', () => {
  test.each<[step: Step, line: string]>([
    [{ op: 'create', chain: 'DOCKER' }, '-N DOCKER'],
    [{ op: 'remove', chain: 'DOCKER' }, '-X DOCKER'],
    [{ op: 'policy', chain: 'FORWARD', policy: 'DROP', counters: '3:4' }, ':FORWARD DROP [3:4]'],
    [{ op: 'policy', chain: 'FORWARD', policy: 'DROP', counters: '' }, ':FORWARD DROP [0:0]'],
    [{ op: 'append', chain: 'FORWARD', rule }, '[7:420] -A FORWARD -i docker0 -o docker0 -j ACCEPT'],
    [{ op: 'append', chain: 'FORWARD', rule: plain }, '-A FORWARD -j DOCKER-USER'],
    [
      { op: 'insert', chain: 'FORWARD', position: 3, rule },
      '[7:420] -I FORWARD 3 -i docker0 -o docker0 -j ACCEPT',
    ],
    [{ op: 'insert', chain: 'FORWARD', position: 1, rule: plain }, '-I FORWARD 1 -j DOCKER-USER'],
    // Restore refuses counters before -D.
    [{ op: 'delete', chain: 'FORWARD', rule }, '-D FORWARD -i docker0 -o docker0 -j ACCEPT'],
  ])('%#: %j', (step, line) => {
    expect(renderStep(step)).toBe(line);
  });
});

describe('renderInput', () => {
  const create: Step = { op: 'create', chain: 'DOCKER' };
  const append: Step = { op: 'append', chain: 'FORWARD', rule: plain };

  test('tables come in the order given, each committed by itself, and every line knows its step', () => {
    const { text, origins } = renderInput({
      tables: [
        { table: 'nat', steps: [create] },
        { table: 'filter', steps: [create, append] },
      ],
    });
    expect(text).toBe('*nat\n-N DOCKER\nCOMMIT\n*filter\n-N DOCKER\n-A FORWARD -j DOCKER-USER\nCOMMIT\n');
    expect(origins).toEqual([
      { table: 'nat' },
      { table: 'nat', step: create },
      { table: 'nat' },
      { table: 'filter' },
      { table: 'filter', step: create },
      { table: 'filter', step: append },
      { table: 'filter' },
    ]);
  });

  test('a table without steps is not opened: opening one is a change to the legacy variant', () => {
    const { text, origins } = renderInput({
      tables: [
        { table: 'raw', steps: [] },
        { table: 'nat', steps: [create] },
      ],
    });
    expect(text).toBe('*nat\n-N DOCKER\nCOMMIT\n');
    expect(origins).toHaveLength(3);
  });

  test.each([{ tables: [] }, { tables: [{ table: 'raw', steps: [] }] }])(
    'nothing to do is no text: %j',
    (input) => {
      expect(renderInput(input)).toEqual({ text: '', origins: [] });
    },
  );

  test.each<[what: string, text: string]>([
    [
      'a rule that covers two lines',
      '-A DOCKER-USER -m comment --comment "x\n-A INPUT -j DROP\n#" -j ACCEPT',
    ],
    [
      'a rule longer than the buffer of restore',
      `-A DOCKER-USER ${'-m comment --comment x '.repeat(500)}-j ACCEPT`,
    ],
  ])('%s is never handed to restore, which would read something else', (_, text) => {
    const steps: readonly Step[] = [{ op: 'append', chain: 'DOCKER-USER', rule: makeRule(text) }];
    const fault = faultOf(() => renderInput({ tables: [{ table: 'filter', steps }] }));
    expect(fault).toMatchObject({ code: 'RG_PLAN', exit: 3, details: [text.replaceAll('\n', '\\x0a')] });
  });
});
