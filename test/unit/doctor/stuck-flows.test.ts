import { expect, test } from 'vitest';
import { judgeStuckFlows } from '../../../src/doctor/checks/host/stuck-flows.ts';
import { healthyFacts } from '../../support/doctor/host-facts.ts';
import { lost } from '../../support/doctor/rule-changes.ts';

test.each([undefined, 0])('%s clients that docker-proxy still answers: nothing to tell', (stuckClients) => {
  expect(judgeStuckFlows({ ...healthyFacts(), stuckClients })).toEqual([]);
});

test('two of them: a warning about who publishes by UDP, and what lets the rules decide again', () => {
  expect(judgeStuckFlows({ ...healthyFacts(), stuckClients: 2 })).toMatchObject([
    {
      code: 'flows-stuck',
      verdict: 'warn',
      about: 'web',
      title: '2 clients of published UDP ports are still answered by docker-proxy, with the address lost',
      remedies: [{ commands: ['rulesguard restore --drop-flows'] }],
    },
  ]);
});

test("while Docker's rules are lost they come first: a restore of them drops those flows by itself", () => {
  const facts = lost((save) => save.replace(/.*-j DNAT.*\n/g, ''))(healthyFacts());
  const [check] = judgeStuckFlows({ ...facts, stuckClients: 1 });
  expect(check?.remedies.flatMap(({ commands }) => commands)).toEqual([]);
});
