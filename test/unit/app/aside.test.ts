import { expect, test } from 'vitest';
import { reach } from '../../../src/app/reach/reach.ts';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import { effectWords } from '../../../src/report/check/words.ts';
import { checked, memoryCheckHost } from '../../support/app/checked.ts';
import { withRule } from '../../support/app/edit-rules.ts';
import { ENGINE_REPLY, WHOLE_RULES } from '../../support/app/memory-diagnosis-host.ts';
import { memoryReachHost } from '../../support/app/memory-reach-host.ts';
import { healthyFacts } from '../../support/doctor/host-facts.ts';

/** What concerns a host of whose Engine one network is set aside. */

const setAside = [{ what: 'network odd', why: 'odd', bridges: ['br-odd'], addresses: [] }];
const REPLY = { ...ENGINE_REPLY, inventory: { ...ENGINE_REPLY.inventory, setAside } };
const ask = { askEngine: () => Promise.resolve(REPLY), askAnyEngine: () => Promise.resolve(REPLY) };

const headlines = async (rules = WHOLE_RULES) => {
  const { verdict } = await checked(memoryCheckHost(rules, ask));
  return { exit: verdict.exit, told: verdict.effects.map((effect) => effectWords(effect).headline) };
};

test('check says that it is not judged, not that it could not be read', async () => {
  expect(await headlines()).toEqual({
    exit: 3,
    told: ['cannot tell what packets do: network odd is not judged'],
  });
});

test('it hides no other way that cannot be told', async () => {
  const rules = withRule(WHOLE_RULES, 'ipv4', 'filter', '-A DOCKER-USER -m nobody-knows -j DROP', 'first');
  expect((await headlines(rules)).told).toHaveLength(2);
});

test('reach and doctor answer whoever asks about something else', async () => {
  const about = [undefined, 'web'];
  const exits = about.map(
    async (target) => (await reach(memoryReachHost(WHOLE_RULES, ask), { target }, () => undefined)).exit,
  );
  expect(await Promise.all(exits)).toEqual([3, 0]);
  const verdicts = about.map(
    (name) => diagnose({ ...healthyFacts(), setAside }, { about: name, from: '' }).verdict,
  );
  expect(verdicts).toEqual(['unknown', 'ok']);
});
