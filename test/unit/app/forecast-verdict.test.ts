import { describe, expect, test } from 'vitest';
import type { Forecast } from '../../../src/app/guard-change/change.ts';
import { readContext } from '../../../src/app/guard-change/context.ts';
import { predictedFrom } from '../../../src/app/guard-change/predict.ts';
import { reachForecast } from '../../../src/app/guard-change/reach-forecast.ts';
import { impactOn } from '../../../src/app/guard-change/impact-since.ts';
import { verdictOf, type ForecastVerdict } from '../../../src/app/guard-change/verdict.ts';
import { Fault } from '../../../src/fault.ts';
import { EMPTY_RULESET, type HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { withRule } from '../../support/app/edit-rules.ts';
import { changeHost } from '../../support/app/hosts.ts';
import { liveOf } from '../../support/recorded/observation.ts';
import { recording } from '../../support/recorded/recordings.ts';

const RECORDING = 'engine-28.5';
const NOBODY = { answered: false, fault: new Fault('RG_ENGINE_ABSENT', 3, 'no Engine answers') } as const;
const NO_IMPACT = { findings: [], shadows: [] };
/** The tables and their policies, without a rule or a chain of anybody's. */
const emptied = (save: string): string =>
  save
    .replace(/^(\[\d+:\d+\] )?-A .*\n/gm, '')
    .replace(/^:\S+ - .*\n/gm, '')
    .replace(/ DROP \[/g, ' ACCEPT [');

/** What a change that changes nothing comes to, on a recorded host without a baseline. */
async function judge({ rules, engine }: { rules: 'kept' | 'gone'; engine: 'answers' | 'absent' }) {
  const host = changeHost(RECORDING);
  const { text } = recording(RECORDING);
  const [ipv4, ipv6] = [text.ipv4, text.ipv6].map(
    (save) => parseSave(rules === 'gone' ? emptied(save) : save).ruleset,
  );
  if (ipv4 === undefined || ipv6 === undefined) throw new Error('no save of a family');
  const beginReading = () => () => Promise.resolve(liveOf({ ipv4, ipv6 }));
  const askEngine = engine === 'absent' ? () => Promise.resolve(NOBODY) : host.askEngine;
  const context = await readContext(
    { ...host, beginReading, askEngine },
    { source: 'both', stored: undefined },
  );
  const { rules: after } = context.live;
  const forecast = await predictedFrom(host, context, after);
  return { context, verdict: verdictOf(forecast, context) };
}

describe('the verdict of a forecast', () => {
  test('no rule of Docker’s in force, and no Engine: unknown, never safe', async () => {
    const { verdict } = await judge({ rules: 'gone', engine: 'absent' });
    expect(verdict).toMatchObject({ verdict: 'unknown', lacks: 'rules', details: ['no Engine answers'] });
  });

  test.each([
    { rules: 'gone', engine: 'answers' },
    { rules: 'kept', engine: 'absent' },
    { rules: 'kept', engine: 'answers' },
  ] as const)('rules $rules, the Engine $engine: safe', async (on) => {
    expect((await judge(on)).verdict.verdict).toBe('safe');
  });

  test('what cannot be predicted is unknown, unless it breaks something all the same', async () => {
    const { context } = await judge({ rules: 'kept', engine: 'answers' });
    const ipv4 = parseSave(emptied(changeHost(RECORDING).before)).ruleset;
    const lost = impactOn(context, { rules: { ...context.live.rules, ipv4 } });
    const unknown = { known: false, reason: 'it asks D-Bus', details: [], reach: undefined } as const;
    const verdictFor = (impact: Forecast['impact']): ForecastVerdict['verdict'] =>
      verdictOf({ ...unknown, impact }, context).verdict;
    expect(verdictFor(undefined)).toBe('unknown');
    expect(verdictFor(lost)).toBe('would-break');
  });

  test.each([
    ['a rule before all others that drops', '-A DOCKER-USER -j DROP', 'would-break'],
    ['a ban of one address', '-A DOCKER-USER -s 203.0.113.9/32 -j DROP', 'safe'],
    ['a match that is not understood', '-A DOCKER-USER -m recent --rcheck -j DROP', 'unknown'],
  ] as const)('%s', async (_, rule, verdict) => {
    const { context } = await judge({ rules: 'kept', engine: 'answers' });
    const after = withRule(context.live.rules, 'ipv4', 'filter', rule, 'first');
    const forecast = await predictedFrom(changeHost(RECORDING), context, after);
    expect(verdictOf(forecast, context).verdict).toBe(verdict);
  });

  test.each([
    ['a ban in front of Docker’s rules', '-A FORWARD -s 203.0.113.9/32 -j DROP', 'unknown'],
    ['a rule in DOCKER-USER', '-A DOCKER-USER -i eth0 -j DROP', 'unknown'],
    ['a rule before all of Docker’s', '-A FORWARD -j DROP', 'would-break'],
    ['a port of this host', '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', 'safe'],
  ] as const)('without an Engine: %s', async (_, rule, verdict) => {
    const { context } = await judge({ rules: 'kept', engine: 'absent' });
    const after = withRule(context.live.rules, 'ipv4', 'filter', rule, 'first');
    const forecast = await predictedFrom(changeHost(RECORDING), context, after);
    expect(verdictOf(forecast, context).verdict).toBe(verdict);
  });

  test('a rule in front of Docker’s is no repair’s to take back', async () => {
    const { context } = await judge({ rules: 'kept', engine: 'answers' });
    const { rules } = context.live;
    const backOf = async (after: HostRules) =>
      (await predictedFrom(changeHost(RECORDING), context, after)).reach?.wayBack;
    expect(await backOf(withRule(rules, 'ipv4', 'filter', '-A FORWARD -j DROP', 'first'))).toBe('rollback');
  });

  test('ways that nobody can follow, and a rule in the other variant: it may concern them', async () => {
    const { context } = await judge({ rules: 'kept', engine: 'answers' });
    const vague = '-A DOCKER-USER -m recent --rcheck -j DROP';
    const rules = withRule(context.live.rules, 'ipv4', 'filter', vague, 'first');
    const seen = {
      ...context,
      live: { ...context.live, rules },
      terrain: context.terrain && {
        ...context.terrain,
        netState: { ...context.terrain.netState, rulesets: [{ variant: context.live.variant, rules }] },
      },
    };
    const { ruleset: ipv4 } = parseSave(
      '*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -s 10.9.9.9/32 -j DROP\nCOMMIT\n',
    );
    const other = { variant: 'legacy', rules: { ipv4, ipv6: EMPTY_RULESET } } as const;
    expect(reachForecast(seen, { rules }, NO_IMPACT)?.blind).toBe(0);
    expect(reachForecast(seen, { rules, other }, NO_IMPACT)?.blind).toBeGreaterThan(0);
  });

  test('a stale DNAT that leads to a container: would break, though no way of Docker’s is cut', async () => {
    const { context } = await judge({ rules: 'kept', engine: 'answers' });
    const rule = '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 9999 -j DNAT --to-destination 172.17.0.2:81';
    const after = withRule(context.live.rules, 'ipv4', 'nat', rule);
    const forecast = await predictedFrom(changeHost(RECORDING), context, after);
    expect(forecast.impact?.findings.map(({ kind }) => kind)).toContain('diverted');
    expect(verdictOf(forecast, context).verdict).toBe('would-break');
  });
});
