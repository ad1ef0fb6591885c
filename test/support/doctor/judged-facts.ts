import { whoseBy } from '../../../src/reach/judge/whose.ts';
import { all } from './causes.ts';
import { onNetState, withRoute, type Change } from './host-facts.ts';

/** A second way out, by eth1. */
export const secondUplink: Change = onNetState(({ links }) => ({
  links: links.flatMap((one) =>
    one.name === 'eth0'
      ? [
          one,
          {
            ...one,
            ...{ name: 'eth1', index: 9 },
            addresses: [{ family: 'ipv4', address: '198.51.100.1', length: 24, scope: 'global' }],
          },
        ]
      : [one],
  ),
}));

/** The same, with the route to its subnet. */
export const routedUplink: Change = all(secondUplink, withRoute({ to: '198.51.100.0/24', dev: 'eth1' }));

/** The host, changed, and judged as `check` judges it: without a baseline. */
export const judged = (...changes: readonly Change[]): Change =>
  all(...changes, (facts) => ({
    ...facts,
    judging: {
      repaired: undefined,
      whose: whoseBy({
        owned: [facts.owned].filter((one) => one !== undefined),
        rulesets: facts.netState.rulesets,
      }),
    },
  }));
