import { expect, test } from 'vitest';
import { ownHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { baselineDifference, linesBeyond } from '../../../src/reconcile/baseline-difference.ts';
import { baselinesDiff, baselinesJson } from '../../../src/report/diff.ts';
import { recording } from '../../support/recorded/recordings.ts';

const { text } = recording('engine-28.5');

/** The recorded host with its IPv4 save edited as text. */
const edited = (edit: (save: string) => string) => {
  const ipv4 = edit(text.ipv4);
  if (ipv4 === text.ipv4) throw new Error('nothing was edited');
  return { owned: ownHost({ ipv4: parseSave(ipv4).ruleset, ipv6: parseSave(text.ipv6).ruleset }) };
};
const whole = {
  owned: ownHost({ ipv4: parseSave(text.ipv4).ruleset, ipv6: parseSave(text.ipv6).ruleset }),
};

const baseline = (id: string) => ({ id, digest: id, baseline: { created: '2026-01-01T00:00:00.000Z' } });

test('a host does not differ from itself, whatever its counters and foreign rules', () => {
  expect(baselineDifference(whole, whole)).toEqual([]);
  const foreign = edited((save) =>
    save.replace(/^(.*-A FORWARD )/m, '-A FORWARD -s 203.0.113.9/32 -j DROP\n$1'),
  );
  expect(baselineDifference(whole, foreign)).toEqual([]);
});

test('a lost rule, a policy and a rule of DOCKER-USER are shown, each in its chain', () => {
  const after = edited((save) =>
    save
      .replace(/^.*-A POSTROUTING .*MASQUERADE\n/m, '')
      .replace(/^:FORWARD DROP/m, ':FORWARD ACCEPT')
      .replace(/^(.*-A DOCKER-FORWARD )/m, '-A DOCKER-USER -s 198.51.100.7/32 -j DROP\n$1'),
  );
  const chains = baselineDifference(whole, after);
  expect(chains.map(({ table, chain }) => `${table} ${chain}`).sort()).toEqual(
    expect.arrayContaining(['filter DOCKER-USER', 'filter FORWARD', 'nat POSTROUTING']),
  );
  const diff = baselinesDiff(baseline('000001-a'), baseline('000002-b'), chains);
  expect(diff).toMatch(/^-:FORWARD DROP\n\+:FORWARD ACCEPT$/m);
  expect(diff).toMatch(/^\+-A DOCKER-USER -s 198\.51\.100\.7\/32 -j DROP$/m);
  expect(diff).toMatch(/^--A POSTROUTING .* -j MASQUERADE$/m);
  expect(baselinesJson(baseline('000001-a'), baseline('000002-b'), chains)).toMatchObject({ same: false });
});

test('copies count: one too many is one line', () => {
  expect(linesBeyond(['a', 'a', 'b'], ['a', 'b'])).toEqual(['a']);
  expect(linesBeyond(['a'], ['a', 'a'])).toEqual([]);
});
