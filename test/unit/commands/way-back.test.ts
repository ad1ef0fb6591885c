import { expect, test } from 'vitest';
import type { ReachForecast } from '../../../src/app/guard-change/change.ts';
import { nextSteps, stepText, type ChangeMade } from '../../../src/commands/shared/way-back.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';

const before = {
  ipv4: parseSave('*filter\n:FORWARD DROP [0:0]\nCOMMIT\n').ruleset,
  ipv6: parseSave('').ruleset,
};
const forecast = (wayBack: ReachForecast['wayBack'], undo: readonly string[] = []): ReachForecast => ({
  change: { worse: [], unknown: [], stillUnknown: [], better: [], single: [], unpromised: [], unasked: 0 },
  ...{ beside: [], unjudged: [], blind: 0, tablesMade: [], wayBack, undo },
});

const nextLines = (reach: ReachForecast, change: ChangeMade): readonly string[] =>
  nextSteps({ impact: { findings: [], shadows: [] }, reach }, change).map(stepText);

test.each([
  ['iptables -I FORWARD 1 -i eth0 -j ACCEPT', 'iptables -D FORWARD -i eth0 -j ACCEPT'],
  ['iptables -w -t nat -A PREROUTING -j ACCEPT', 'iptables -w -t nat -D PREROUTING -j ACCEPT'],
  ['/usr/sbin/iptables -P FORWARD ACCEPT', '/usr/sbin/iptables -P FORWARD DROP'],
])('%s is taken back by its opposite, and no repair is offered', (line, inverse) => {
  const lines = nextLines(forecast('rollback'), { words: line.split(' '), before });
  expect(lines).toContain(`What takes it back: ${inverse}`);
  expect(lines.join(' ')).toContain(`--mode report --confirm 60 -- ${line}`);
  expect(lines.join(' ')).not.toContain('run --mode repair');
});

test('what a script does has no opposite', () => {
  const lines = nextLines(forecast('rollback'), {
    words: ['sh', '-c', 'iptables -I FORWARD -j ACCEPT'],
    before,
  });
  expect(lines.filter((line) => line.startsWith('What takes it back'))).toEqual([]);
});

test('a setting is set back by hand, since neither a repair nor a rollback does it', () => {
  const undo = ['sysctl -w net.ipv4.ip_forward=1'];
  const lines = nextLines(forecast('undo', undo), {
    words: ['sysctl', '-w', 'net.ipv4.ip_forward=0'],
    before,
  });
  expect(lines).toContain('What takes it back: sysctl -w net.ipv4.ip_forward=1');
  expect(lines.join(' ')).not.toContain('--confirm 60');
});

test.each([
  ['repair', '--mode repair -- x'],
  ['policies', '--mode repair --policies -- x'],
] as const)('what a repair brings back: %s', (wayBack, option) => {
  expect(nextLines(forecast(wayBack), { words: ['x'], before })).toEqual([
    `To run it and repair what it breaks: rulesguard run ${option}`,
  ]);
});

test('of what more than a command takes back that is said, and which part', () => {
  const steps = nextSteps(
    { impact: { findings: [], shadows: [] }, reach: forecast('none', ['ip route del 10.9.0.0/16']) },
    { words: ['x'], before },
  );
  expect(steps.map(({ does, command }) => `${does ?? ''} ${command ?? ''}`.trim())).toEqual([
    '',
    'undo-part ip route del 10.9.0.0/16',
    '',
    'run rulesguard run --mode report -- x',
  ]);
  expect(steps.map(({ says }) => says).join('\n')).toContain(
    'No command is known here that takes the rest back.',
  );
});

test('without a table of ways a rule in front of Docker’s is no repair’s to take back', () => {
  const shadow = {
    family: 'ipv4',
    table: 'filter',
    chain: 'FORWARD',
    rule: '-A FORWARD -j DROP',
    total: true,
  } as const;
  const words = 'iptables -I FORWARD -j DROP'.split(' ');
  const steps = nextSteps(
    { impact: { findings: [], shadows: [shadow] }, reach: undefined },
    { words, before },
  );
  expect(steps.map(({ does }) => does)).toEqual([undefined, 'undo', 'try']);
});
