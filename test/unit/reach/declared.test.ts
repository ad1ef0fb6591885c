import { expect, test } from 'vitest';
import { whoseBy } from '../../../src/reach/judge/whose.ts';
import { stoodIn } from '../../../src/reconcile/judging.ts';

const TABLE = 'inet close';
const CLOSES = 'iifname "eth0" tcp dport 80 counter drop';
const TAKES = 'tcp dport 8080 redirect to :9';
const TEXT = `table inet close {
	chain forward {
		type filter hook forward priority -10; policy drop;
		${CLOSES}
	}

	chain divert {
		type nat hook prerouting priority -110; policy accept;
		${TAKES}
	}
}
`;
const whose = whoseBy({
  owned: [],
  rulesets: [],
  stood: stoodIn({ source: 'both', stored: undefined, declared: { tables: [{ table: TABLE, text: TEXT }] } }),
});
type Decider = Parameters<typeof whose>[0];
const decider = (rule: string, more: Partial<Pick<Decider, 'later' | 'hook' | 'table'>> = {}): Decider => ({
  ...{ family: 'ipv4', hook: 'FORWARD', table: TABLE, rule, handle: '4', ...more },
  by: 'native',
  chain: more.hook === undefined ? 'forward' : 'divert',
});
const CLOSED = 'outage outside eth0 published';

test.each([
  ['closes', decider('iifname "eth0" tcp dport 80 counter packets 3 bytes 180 drop'), CLOSED, 'operator'],
  ['closes by its policy', decider(''), CLOSED, 'operator'],
  ['opens', decider(CLOSES), 'exposure outside eth0 unpublished', 'other'],
  ['leaves unknown', decider(CLOSES), 'unknown outside eth0 published', 'other'],
  ['drops answers', decider(CLOSES, { later: { nextHop: '192.0.2.1' } }), CLOSED, 'other'],
  ['takes a port', decider(TAKES, { hook: 'PREROUTING' }), CLOSED, 'other'],
  ['is not declared', decider('tcp dport 80 drop'), CLOSED, 'other'],
  ['stands in another table', decider(CLOSES, { table: 'inet other' }), CLOSED, 'other'],
])('a rule of a declared table that %s: whose it is', (_, rule, way, expected) => {
  expect(whose(rule, way)).toBe(expected);
});
