import { describe, expect, test } from 'vitest';
import { outdatedBy } from '../../../../../src/firewall/iptables/desired/outdated.ts';
import { ownRule } from '../../../../support/own-rule.ts';

describe('a recorded rule that the Engine, by our account of it, would not write', () => {
  const odd = '-A DOCKER-FORWARD -i docker0 ! -o docker0 -j ACCEPT';
  const rule = ownRule('filter', odd);

  test.each<[what: string, recorded: string | undefined, believed: readonly string[], kept: boolean]>([
    ['recorded beside an Engine that was compared with', '28.5.2', [], false],
    ['recorded although it was not expected then either', '28.5.2', [odd], true],
    ['… of another Engine', '26.1.5', [odd], false],
    ['recorded while no Engine answered', undefined, [], true],
  ])('%s', (_, recorded, believed, kept) => {
    expect(outdatedBy(recorded, '28.5.2', new Set(believed))(rule) === undefined).toBe(kept);
  });
});
