import { sh } from '../../../shell.ts';
import type { ContainerFacts } from '../../facts/facts.ts';

type NetworkedContainer = Pick<ContainerFacts, 'name' | 'networkMode' | 'attachments'>;

/** The network a container was made for, as `docker network connect` takes it. */
export const networkOf = ({ networkMode }: Pick<NetworkedContainer, 'networkMode'>): string =>
  networkMode === 'default' ? 'bridge' : networkMode;

/** What connects a container to the network it was made for. */
export const reconnect = (container: NetworkedContainer): string =>
  sh`docker network connect ${networkOf(container)} ${container.name}`;

/**
 * Whether a container that should be on a network is on none. On Engine 29 a start that fails (a port that is taken, a lost
 * chain) takes its networks for good, and the next start succeeds without them; on older Engines it keeps them.
 */
export const hasLostNetworks = ({ networkMode, attachments }: NetworkedContainer): boolean =>
  attachments.length === 0 && networkMode !== '' && !/^(?:host|none|container:.*)$/s.test(networkMode);
