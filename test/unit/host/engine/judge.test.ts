import { describe, expect, test } from 'vitest';
import { inventoryFrom } from '../../../../src/docker/inventory/from-answers.ts';
import type { Answers } from '../../../../src/docker/inventory/inventory.ts';
import type { DaemonFacts } from '../../../../src/docker/settings.ts';
import { ownNetns, type DaemonProcess } from '../../../../src/host/engine/daemon.ts';
import { objectionTo, refuseUnlessDocker } from '../../../../src/host/engine/judge.ts';

const SOCKET = '/run/docker.sock';
const VERSION = { Version: '28.5.2', Components: [{ Name: 'Engine' }, { Name: 'containerd' }] };
const DOCKER: Answers = { version: VERSION, info: {}, networks: [], containers: [] };

describe('what answers is Docker', () => {
  test.each<[what: string, answers: Partial<Answers>]>([
    ['with its components', {}],
    ['of a time before components were named', { version: { Version: '17.12.1-ce' } }],
  ])('%s', (_, answers) => {
    expect(() => {
      refuseUnlessDocker(SOCKET, { ...DOCKER, ...answers });
    }).not.toThrow();
  });

  test.each<[what: string, answers: Partial<Answers>, why: string]>([
    [
      'podman',
      { version: { Version: '4.3.1', Components: [{ Name: 'Podman Engine' }, { Name: 'Conmon' }] } },
      'it calls itself Podman Engine, Conmon',
    ],
    ['no version', { version: { ApiVersion: '1.41' } }, 'GET /version → no version'],
    ['containers that are no list', { containers: { message: 'x' } }, 'not what Docker answers'],
    ['networks that are no list', { networks: null }, 'not what Docker answers'],
  ])('not %s', (_, answers, why) => {
    const refusal = { code: 'RG_ENGINE_ANSWER', exit: 3, details: [expect.stringContaining(why)] };
    expect(() => {
      refuseUnlessDocker(SOCKET, { ...DOCKER, ...answers });
    }).toThrow(expect.objectContaining(refusal) as Error);
  });
});

describe('the Engine whose rules are here', () => {
  const bridge = {
    Id: 'b',
    Name: 'bridge',
    Driver: 'bridge',
    Options: { 'com.docker.network.bridge.name': 'docker0' },
  };
  const judge = (given: {
    readonly info?: object;
    readonly networks?: readonly object[];
    readonly facts?: DaemonFacts;
    readonly interfaces?: readonly string[];
    readonly processes?: readonly DaemonProcess[];
  }) => {
    const {
      info = {},
      networks = [bridge],
      facts = {},
      interfaces = ['lo', 'docker0'],
      processes = [],
    } = given;
    return objectionTo({
      socket: SOCKET,
      inventory: inventoryFrom({ ...DOCKER, info, networks }),
      info,
      daemons: { count: 1, facts },
      processes,
      interfaces: new Set(interfaces),
    })?.code;
  };
  const elsewhere: DaemonProcess = {
    pid: 1,
    uid: 0,
    netns: 'other',
    environment: new Map(),
    holds: false,
    isOfThisHost: true,
  };

  test.each<[what: string, given: Parameters<typeof judge>[0], code: string | undefined]>([
    ['has a bridge here', {}, undefined],
    ['has iptables on', { facts: { iptables: true } }, undefined],
    ['has some of its bridges here', { networks: [bridge, { ...bridge, Options: {} }] }, undefined],
    ['has none of its bridges here', { interfaces: ['lo', 'br-1'] }, 'RG_ENGINE_ELSEWHERE'],
    ['needs none where it has no bridge network', { networks: [], interfaces: ['lo'] }, undefined],
    [
      'writes iptables rules through firewalld',
      { info: { FirewallBackend: { Driver: 'iptables+firewalld' } } },
      undefined,
    ],
    ['writes no rules', { facts: { iptables: false } }, 'RG_ENGINE_NO_IPTABLES'],
    ['is rootless', { info: { SecurityOptions: ['name=seccomp', 'name=rootless'] } }, 'RG_ENGINE_ROOTLESS'],
    [
      'is rootless, and not the daemon seen',
      { info: { SecurityOptions: ['name=rootless'] }, processes: [elsewhere] },
      'RG_ENGINE_ROOTLESS',
    ],
    ['is confined otherwise', { info: { SecurityOptions: ['name=apparmor', 'name=userns'] } }, undefined],
    [
      'elsewhere goes before nftables',
      { info: { FirewallBackend: { Driver: 'nftables' } }, interfaces: ['lo'] },
      'RG_ENGINE_ELSEWHERE',
    ],
  ])('%s', (_, given, code) => {
    expect(judge(given)).toBe(code);
  });

  test('this process is in a network namespace that can be told', () => {
    expect(ownNetns()).toMatch(/^\d+:\d+$/);
  });
});
