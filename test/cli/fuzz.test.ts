import { expect, test } from 'vitest';
import { describeCli, withHost } from '../support/cli.ts';
import { campaign, SECONDS } from '../support/fuzz/campaign.ts';
import { EDGE_TARGETS, NAME } from '../support/fuzz/edge-targets.ts';

/** Two or three programs are run for each input, and an Engine may be waited for; in milliseconds. */
const PATIENCE = 180_000;

describeCli('the built program, fed by a hostile hand', () => {
  test.each(Object.entries(EDGE_TARGETS))(
    '%s: an answer in words, and no rule beyond what it may become',
    (name, prepare) =>
      withHost(async (host) => {
        await host.sh('ip link add docker0 type bridge');
        const { attempt, end } = await prepare(host);
        const { inputs, findings } = await campaign({
          name: `edge-${name}`,
          run: attempt,
          patience: PATIENCE,
        });
        end?.();
        expect(findings).toEqual({});
        expect(inputs).toBeGreaterThan(0);
      }, NAME),
    SECONDS * 1000 + 300_000,
  );
});
