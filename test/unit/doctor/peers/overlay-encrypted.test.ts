import { describe, expect, test } from 'vitest';
import { all } from '../../../support/doctor/causes.ts';
import type { Change } from '../../../support/doctor/host-facts.ts';
import { rewritten } from '../../../support/doctor/rule-changes.ts';
import { edited } from '../../../support/edited.ts';
import { followed } from '../../../support/peers/hosts.ts';
import { inSwarm, onOverlay } from '../../../support/peers/modes-facts.ts';

const SEALED = { id: 'wide1', encrypted: true } as const;
/** How Engine 28.5 asks whether a packet is of an encrypted overlay. */
const VNI =
  '-m udp --dport 4789 -m bpf --bytecode "7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 4098,6 0 0 0,6 0 0 4294967295"';
const target = '10.0.1.4:80';

const inFilter = (rule: string): Change =>
  rewritten((save) => edited(save, /^\[\d+:\d+\] -A FORWARD -j DOCKER-USER$/m, `[0:0] ${rule}\n$&`));

const told = ({ causes, verdict }: ReturnType<typeof followed>) => ({
  verdict,
  causes: causes.map(({ host, check }) => `${host} ${check.code}`),
});

describe('an encrypted overlay', () => {
  const sealed = {
    asking: all(inSwarm('192.0.2.1'), onOverlay('web', '10.0.1.2', SEALED, 1424)),
    asked: all(inSwarm('192.0.2.20'), onOverlay('web', '10.0.1.4', SEALED, 1424)),
    target,
  };

  test('all that is seen is well, and the keys are not seen', () => {
    const diagnosis = followed(sealed);
    expect(told(diagnosis)).toEqual({ verdict: 'unknown', causes: ['host-b overlay-encryption'] });
    expect(diagnosis.causes[0]?.check.title).toBe('cannot tell whether both hosts encrypt wide alike');
  });

  test('a firewall that knows no ESP stops it, and VXLAN alone does not help', () => {
    const drop = inFilter('-A INPUT -p esp -j DROP');
    expect(told(followed({ ...sealed, asked: all(sealed.asked, drop) }))).toEqual({
      verdict: 'fail',
      causes: ['host-b rule-stops'],
    });
  });

  test('the rule that marks its packets is lost: they leave unencrypted, and restore puts it back', () => {
    const unmarked: Change = (facts) => ({
      ...facts,
      drift: {
        ...{ rules: 24, baseline: undefined },
        findings: [
          {
            ...{ kind: 'missing', severity: 'exposure', family: 'ipv4', table: 'mangle', chain: 'OUTPUT' },
            ...{ level: 'overlay', rule: `-A OUTPUT -p udp ${VNI} -j MARK --set-xmark 0xd0c4e3/0xffffffff` },
            consequence: 'traffic of the encrypted overlay wide (VNI 4098) leaves this host unencrypted',
          },
        ],
      },
    });
    const diagnosis = followed({ ...sealed, asking: all(sealed.asking, unmarked) });
    expect(told(diagnosis)).toEqual({ verdict: 'fail', causes: ['host-a overlay-encryption'] });
    expect(diagnosis.causes[0]?.check.title).toBe('packets of wide leave host-a unencrypted');
  });
});
