import { checksOf } from '../checks/check.ts';
import type { Check } from '../diagnosis.ts';
import type { Facts } from '../facts/facts.ts';
import { advise } from '../remedies/proposal.ts';

const { unknown } = checksOf('container');

const UNLISTED = {
  always: true,
  meaning: 'the Engine did not say what there is',
  remedies: [advise('repair the Engine first, then ask again')],
} as const;

/** Whether the Engine has said which containers and networks there are. */
export const isListed = ({
  engine,
  unseen = [],
}: Pick<Facts, 'unseen'> & { readonly engine: Pick<Facts['engine'], 'answered'> }): boolean =>
  engine.answered && !unseen.some(({ what }) => what === 'containers');

/** Where the Engine says nothing, no name is wrong. */
export const unlisted = (argument: string): Check =>
  unknown('not-found', `cannot tell whether there is a container or network ${argument}`, {
    ...UNLISTED,
    about: argument,
  });

/** Where the Engine says nothing, no port is unpublished. */
export const unlistedPort = (port: string): Check =>
  unknown('not-published', `cannot tell whether a container publishes ${port}`, { ...UNLISTED, about: port });
