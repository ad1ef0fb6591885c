import type { Diagnosis, TreeBridge } from '../../../../src/doctor/diagnosis.ts';
import { arriving, named, through } from './paths.ts';
import { check, HEALTHY, SETTLED, web } from './sample.ts';

const BUSY_NETWORKS = Array.from({ length: 20 }, (_, n): TreeBridge => ({
  bridge: `br-${(0xa1b2c3d4e5f + n * 7919).toString(16).padStart(12, '0')}`,
  network: `team${String(n + 1).padStart(2, '0')}_default`,
  addresses: [`172.${String(17 + (n % 14))}.${String(n < 14 ? 0 : 128)}.1/17`],
  state: n === 6 ? 'down' : 'up',
  ports: Array.from({ length: 5 }, (_port, p) => ({
    veth: n === 11 && p === 2 ? '' : `veth${(0x1a2b3c0 + n * 331 + p * 17).toString(16)}`,
    state: n === 11 && p === 2 ? 'missing' : n === 6 ? 'down' : 'forwarding',
    container: `team${String(n + 1).padStart(2, '0')}-service-${String(p + 1)}`,
    inside: 'eth0',
    addresses: [`172.${String(17 + (n % 14))}.${String(n < 14 ? 0 : 128)}.${String(p + 2)}`],
    published: p === 0 ? [`0.0.0.0:${String(8000 + n)} → 8080/tcp`] : [],
  })),
}));

/** A hundred containers on twenty networks; a bridge is down, and a veth is gone. */
export const BUSY: Diagnosis = {
  ...HEALTHY,
  verdict: 'fail',
  tree: [web, ...BUSY_NETWORKS],
  causes: [
    check({
      section: 'links',
      code: 'bridge-down',
      about: 'br-0a1b2c3e1a9',
      verdict: 'fail',
      title: 'the bridge of network team07_default is down',
      meaning: 'Its 5 containers reach nothing, and nothing reaches them.',
      evidence: ['ip link: br-0a1b2c3e1a9 <BROADCAST,MULTICAST> state DOWN'],
      remedies: [{ what: 'Set it up', commands: ['ip link set br-0a1b2c3e1a9 up'] }],
      impairs: ['team07_default'],
    }),
    check({
      section: 'links',
      code: 'veth-missing',
      about: 'team12-service-3',
      verdict: 'fail',
      title: 'team12-service-3 has no interface on its network',
      meaning: 'It runs, and reaches nothing.',
      evidence: ['Engine: attached to team12_default', 'its namespace: lo alone'],
      remedies: [
        {
          what: 'Attach it again',
          commands: [
            'docker network disconnect team12_default team12-service-3',
            'docker network connect team12_default team12-service-3',
          ],
        },
      ],
    }),
  ],
  checks: [
    ...SETTLED,
    ...BUSY_NETWORKS.flatMap(({ network, bridge, state, ports }) => [
      check({
        section: 'links',
        code: 'bridge-down',
        about: bridge,
        verdict: state === 'up' ? 'ok' : 'fail',
        title: `${bridge} of ${network} is ${state}`,
      }),
      ...ports.map(({ container }) =>
        check({
          section: 'container',
          code: 'service',
          about: container,
          title: `${container} listens on 8080/tcp`,
        }),
      ),
    ]),
  ],
  paths: BUSY_NETWORKS.map(({ ports, state }, n) =>
    named({
      name: `outside → 192.0.2.10:${String(8000 + n)}/tcp → ${ports[0]?.container ?? ''}:8080`,
      subjects: [ports[0]?.container ?? ''],
      verdict: state === 'up' ? 'ok' : 'fail',
      path:
        state === 'up'
          ? through
          : {
              ...through,
              steps: arriving,
              end: { at: 'lost', why: 'interface-down', detail: 'br-0a1b2c3e1a9 is down' },
            },
    }),
  ),
};
