import { describe, expect, test } from 'vitest';
import { withStoppedContainers } from '../../../src/firewall/iptables/desired/stale.ts';
import { makeRule } from '../../../src/firewall/iptables/text/model.ts';
import { observationOf } from '../../../src/reconcile/observation.ts';
import { recordedHost } from '../../support/recorded/observation.ts';

/**
 * A recorded host once one of its containers was stopped: its rules as they were, for a saved file was loaded since.
 *
 * @param heir - the container that has its addresses since; absent where none has
 */
function onceStopped(name: string, container: string, heir?: string) {
  const { live, reply, stored } = recordedHost(name);
  if (!reply.answered) throw new Error('the Engine answers');
  const inventory = {
    ...reply.inventory,
    endpoints: reply.inventory.endpoints.flatMap((one) =>
      one.container !== container ? [one] : heir === undefined ? [] : [{ ...one, container: heir }],
    ),
    ports: reply.inventory.ports.filter((one) => one.container !== container),
    links: [],
  };
  return observationOf({ source: 'both', stored }, live, { ...reply, inventory });
}

describe.each(['engine-28.5', 'engine-28.5-ports', 'engine-26.1', 'engine-20.10'])('%s', (name) => {
  const { reply } = recordedHost(name);
  const containers = reply.answered
    ? [...new Set(reply.inventory.ports.map(({ container }) => container))]
    : [];

  test.each(containers)('%s is only stopped: each of its recorded rules says so', (container) => {
    const { sides } = onceStopped(name, container);
    const stale = sides.engine?.stale ?? [];
    expect(stale.length).toBeGreaterThan(0);
    expect(stale.map(({ owned, stopped }) => [owned.rule.text, stopped])).toEqual(
      stale.map(({ owned }) => [owned.rule.text, container]),
    );
  });

  test.each(containers)('%s is stopped, and another has its address: that one is named', (container) => {
    const { findings } = onceStopped(name, container, 'heir');
    const diverted = findings.filter(({ kind }) => kind === 'diverted');
    expect(diverted.length).toBeGreaterThan(0);
    for (const { consequence } of diverted) expect(consequence).toMatch(/container,? heir/);
  });
});

test('a rule for checksums of sctp served the container to which the port led', () => {
  const about = { family: 'ipv4', table: 'nat', chain: 'DOCKER', reason: 'not running' } as const;
  const captures = { hostPort: '9', port: '7', proto: 'sctp', ip: '172.17.0.2' };
  const owned = (id: 'dnat' | 'sctp-checksum', text: string, given: Readonly<Record<string, string>>) =>
    ({ rule: makeRule(text), owner: 'docker', shape: { id }, captures: given }) as never;
  const found = withStoppedContainers([
    { ...about, owned: owned('sctp-checksum', '-A POSTROUTING -p sctp -j CHECKSUM', { port: '7' }) },
    { ...about, owned: owned('sctp-checksum', '-A POSTROUTING -p sctp -j CHECKSUM', { port: '8' }) },
    { ...about, owned: owned('dnat', '-A DOCKER -p sctp -j DNAT', captures), stopped: 'web' },
  ]);
  expect(found.map(({ stopped }) => stopped)).toEqual(['web', undefined, 'web']);
});
