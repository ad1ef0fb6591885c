import { expect, test } from 'vitest';
import type { Step } from '../../../src/firewall/iptables/text/restore-input.ts';
import { leftOutLines, planText } from '../../../src/report/plan-text.ts';
import { paintWith } from '../../../src/report/text.ts';

const paint = paintWith(false);
const chain = 'DOCKER\u001b[2J';
const rule = { chain, text: '-A DOCKER -j RETURN', counters: '', raw: '', line: 0 };

test('a plan names no chain with bytes that move the terminal: its file may be anybody\u2019s work', () => {
  const steps = [
    { op: 'create', chain },
    { op: 'remove', chain },
    { op: 'policy', chain, policy: 'DROP', counters: '' },
    { op: 'insert', chain, position: 1, rule },
  ] as unknown as readonly Step[];
  const leftOut = [{ family: 'ipv4', table: 'filter', chain, rule: rule.text, reason: 'stale' }] as const;
  const tables = [{ table: 'filter', steps }];
  const text = planText({ families: { ipv4: { tables }, ipv6: { tables: [] } }, leftOut }, paint);
  expect(text).toContain('create chain DOCKER\\x1b[2J');
  expect(text).not.toContain('\u001b');
  expect(leftOutLines(leftOut, paint).join('')).not.toContain('\u001b');
});
