import { describe, expect, test } from 'vitest';
import { matrixText } from '../../../../src/report/peers/matrix.ts';
import { paintWith } from '../../../../src/report/text.ts';
import { changed, fleet, judged } from '../../../support/peers/fleet.ts';

describe('what was not followed is said, and is no health', () => {
  const fault = { code: 'RG_ENGINE_HUNG', message: 'the Engine is silent', details: [] };

  test('an Engine that does not answer', async () => {
    const matrix = judged(
      await changed(1, (facts) => ({
        ...facts,
        engine: { answered: false, fault },
        containers: { containers: [] },
      })),
    );
    expect(matrix.verdict).toBe('unknown');
    expect(matrix.causes.map(({ host, what, ways }) => [host, what, ways])).toEqual([
      [
        'host-1',
        'who publishes what there is not known: the Engine did not answer (the Engine is silent)',
        0,
      ],
    ]);
    const [head, line] = matrixText(matrix, paintWith(false)).split('\n');
    expect(head).toMatch(/^CANNOT TELL {2}3 hosts/);
    expect(line).toMatch(/^\? host-1: who publishes .*\(the Engine is silent\)$/);
  });

  test('containers that were not listed', async () => {
    const matrix = judged(await changed(1, (facts) => ({ ...facts, containers: { fault } })));
    expect(matrix.verdict).toBe('unknown');
    expect(matrix.causes.map(({ what }) => what)).toContain(
      'containers could not be read: the Engine is silent',
    );
  });

  test('interfaces that were not read', async () => {
    const matrix = judged(await changed(1, (facts) => ({ ...facts, links: { fault } })));
    expect(matrix.verdict).toBe('unknown');
    expect(matrix.causes.map(({ host, what }) => `${host} ${what}`)).toContain(
      'host-1 interfaces could not be read: the Engine is silent',
    );
  });

  test('a container on a macvlan network alone', async () => {
    const matrix = judged(
      await changed(2, (facts) => {
        const { engine, containers } = facts;
        if (!engine.answered || !('containers' in containers)) throw new Error('the host is not whole');
        const [bridge] = engine.inventory.networks;
        if (bridge === undefined) throw new Error('there is no network');
        const lan = { ...bridge, id: 'e'.repeat(64), name: 'lan', driver: 'macvlan', bridge: '' };
        return {
          ...facts,
          engine: {
            ...engine,
            inventory: { ...engine.inventory, networks: [...engine.inventory.networks, lan] },
          },
          containers: {
            containers: containers.containers.map((one) =>
              one.name === 'mate'
                ? {
                    ...one,
                    attachments: one.attachments.map((place) => ({
                      ...place,
                      ...{ network: 'lan', networkId: lan.id, ipv4: '192.0.2.77' },
                    })),
                  }
                : one,
            ),
          },
        };
      }),
    );
    expect(matrix.causes.map(({ host, what, ways }) => [host, what, ways])).toEqual([
      ['host-2', 'packets of mate are not followed: on macvlan network lan', 0],
    ]);
    expect(matrix.verdict).toBe('unknown');
  });

  test('nothing at all', () => {
    expect(judged([]).verdict).toBe('unknown');
  });

  test('one host alone', async () => {
    const { verdict, ways, causes } = judged(await fleet(1));
    expect([verdict, ways, causes.length]).toEqual(['unknown', 0, 1]);
  });

  test('hosts that have the same addresses', async () => {
    const matrix = judged(await fleet(2, (text) => text.replaceAll(/"192\.0\.2\.1\d"/g, '"192.0.2.10"')));
    expect(matrix.causes.map(({ what }) => what)).toEqual([
      'it has no address but such as host-1 has too',
      'it has no address but such as host-0 has too',
    ]);
    expect(matrix.verdict).toBe('unknown');
  });
});
