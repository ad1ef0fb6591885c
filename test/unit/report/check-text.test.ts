import { describe, expect, test } from 'vitest';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import type { Finding } from '../../../src/reconcile/finding.ts';
import { observationOf } from '../../../src/reconcile/observation.ts';
import { planFor } from '../../../src/reconcile/repair-plan.ts';
import { countSteps } from '../../../src/firewall/iptables/plan/plan.ts';
import { nextLines, repairCommand } from '../../../src/report/check-text.ts';
import type { Paint } from '../../../src/report/text.ts';
import { Fault } from '../../../src/fault.ts';
import { liveOf, recordedHost } from '../../support/recorded/observation.ts';
import { recording } from '../../support/recorded/recordings.ts';

const plain: Paint = (_, text) => text;
const NOBODY = { answered: false, fault: new Fault('RG_ENGINE_ABSENT', 3, 'no Engine answers') } as const;
const CLOSED = 'engine-28.5';
/** Its FORWARD of IPv6 is open. */
const OPEN = 'engine-28.5-plain';

/** What is found, and what may be planned, where the policy of FORWARD is another than was recorded. */
function turned(name: typeof OPEN | typeof CLOSED, engine: 'answers' | 'absent') {
  const { reply: recorded, stored } = recordedHost(name);
  const { text } = recording(name);
  const family = name === OPEN ? 'ipv6' : 'ipv4';
  const [was, is] = name === OPEN ? ['ACCEPT', 'DROP'] : ['DROP', 'ACCEPT'];
  const changed = text[family].replace(`:FORWARD ${was}`, `:FORWARD ${is}`);
  const saves = { ...text, [family]: changed };
  const live = liveOf({ ipv4: parseSave(saves.ipv4).ruleset, ipv6: parseSave(saves.ipv6).ruleset });
  const reply = engine === 'answers' ? recorded : NOBODY;
  const observation = observationOf({ source: 'both', stored }, live, reply);
  const plan = planFor(observation, { policies: 'restore', assumeUnchanged: false });
  return {
    findings: observation.findings.filter(({ kind }) => kind === 'policy'),
    steps: countSteps(plan),
  };
}

describe('what to type against a policy', () => {
  test.each([
    [CLOSED, 'answers', 'Next: rulesguard restore --policies --dry-run shows', 1],
    [CLOSED, 'absent', 'Next: rulesguard restore --policies --dry-run shows', 1],
    [OPEN, 'absent', 'Next: rulesguard restore --policies --dry-run shows', 1],
    // No Engine requires ACCEPT, so no restore opens it beside one, and no advice does: doctor says whose packets it stops.
    [OPEN, 'answers', 'Next: rulesguard doctor', 0],
  ] as const)('%s, the Engine %s: %s', (name, engine, next, steps) => {
    const found = turned(name, engine);
    expect(found.findings).toHaveLength(1);
    expect(nextLines(found.findings, plain)[1]).toContain(next);
    expect(nextLines(found.findings, plain)).toHaveLength(2);
    expect(found.steps).toBe(steps);
  });

  test('beside lost rules both commands are named', () => {
    const lost: Finding = {
      ...{ kind: 'missing', severity: 'outage', family: 'ipv4', table: 'nat', chain: 'DOCKER' },
      consequence: 'lost',
    };
    const findings = [lost, ...turned(OPEN, 'answers').findings];
    expect(repairCommand(findings)).toBe('rulesguard restore');
    expect(nextLines(findings, plain).join('\n')).toMatch(/restore does it\.\n+Next: rulesguard doctor$/);
  });
});
