import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import type { EngineReply } from '../../../src/docker/engine-reply.ts';
import { Fault } from '../../../src/fault.ts';
import type { Finding } from '../../../src/reconcile/finding.ts';
import { checkJson, type CheckFacts } from '../../../src/report/check/json.ts';
import { checkNagios } from '../../../src/report/check/nagios.ts';
import { verdictOf, type HostVerdict } from '../../../src/reconcile/verdict/verdict.ts';
import { checked, memoryCheckHost } from '../../support/app/checked.ts';
import { recordedHost } from '../../support/recorded/observation.ts';

const SCHEMA = new URL('../../../schemas/report.schema.json', import.meta.url);
const validate = new Ajv2020.default({ strict: true, allErrors: true }).compile(
  JSON.parse(readFileSync(SCHEMA, 'utf8')) as object,
);

/** What follows of findings where no packet can be followed. */
const unfollowed = (findings: readonly Finding[]): HostVerdict =>
  verdictOf({
    findings,
    packets: { judged: false, why: 'no Engine answers', unread: [] },
    ...{ acceptances: [], today: '2026-01-01' },
  });

test('a network names itself with bytes that move the terminal or begin perfdata: the plugin line stays one', () => {
  const lost: Finding = {
    kind: 'missing',
    severity: 'outage',
    family: 'ipv4',
    table: 'mangle',
    chain: 'OUTPUT',
    consequence: 'traffic of net\u001b[31m|x=1\nOK\u202e is lost',
  };
  const { line, exit } = checkNagios(unfollowed([lost]), 1);
  expect(exit).toBe(2);
  expect(line).toContain('traffic of net\\x1b[31m/x=1 OK\\u202e is lost');
  expect(line.split('|')).toHaveLength(2);
});

const { live, reply, stored } = recordedHost('engine-28.5-plain');
const ENGINE = reply as Extract<EngineReply, { answered: true }>;
const engineOf = (firewallBackend: string): EngineReply => ({
  ...ENGINE,
  inventory: { ...ENGINE.inventory, firewallBackend },
});

test.each<[string, EngineReply, string | undefined]>([
  ['an Engine that uses firewalld', engineOf('iptables+firewalld'), 'iptables+firewalld'],
  ['an Engine before 28.2, which does not say', engineOf(''), 'iptables'],
  ['no Engine', { answered: false, fault: new Fault('RG_ENGINE_DOWN', 3, 'it is down') }, undefined],
])('%s: the firewall backend beside the variant', async (_, reply, firewallBackend) => {
  const host = memoryCheckHost(live.rules, { askEngine: () => Promise.resolve(reply) });
  const { head } = await checked(host, { stored });
  expect(head).toMatchObject({ firewallBackend, variant: 'nft' });
});

test.each<Partial<CheckFacts>>([
  { firewallBackend: 'iptables', engine: { version: '28.5.2' } },
  { firewallBackend: null, engine: null },
  { baseline: { id: '000001', created: '2026-01-01T00:00:00Z', digest: `sha256:${'0'.repeat(64)}` } },
  { unsettled: 'a change is overdue' },
])('the document of a check with %j fits its schema', (more) => {
  const facts: CheckFacts = {
    ...{ firewallBackend: 'iptables', variant: 'nft', baseline: null, engine: null },
    ...{ rules: 24, findings: [], verdict: unfollowed([]), removals: new Map() },
    ...more,
  };
  const document: unknown = JSON.parse(JSON.stringify(checkJson(facts)));
  expect(validate(document) ? [] : validate.errors).toEqual([]);
  expect(document).toMatchObject({ firewallBackend: facts.firewallBackend });
});
