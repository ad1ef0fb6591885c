import { Fault } from '../../fault.ts';
import type { ContainerFacts, Facts } from '../facts/facts.ts';
import { findSender, type Sender } from '../target/sender.ts';

/** Somebody on a host who can ask another one. */
export type PeerSender = Extract<Sender, { readonly is: 'containers' | 'host' }>;

const SHARED = 'container:';

/**
 * Who asks. A container in the host's network asks as the host does, one in another container's as that one.
 *
 * @param word - a container, service or network, or `host`
 * @throws Fault RG_USAGE for what is nothing there, more than one thing, or nobody who asks
 */
export function senderOn(word: string, facts: Facts): PeerSender {
  const { sender } = findSender(word, facts, word);
  if (sender.is === 'host') return sender;
  if (sender.is !== 'containers')
    throw new Fault('RG_USAGE', 2, `${word} is not on the host that asks`, {
      hint: 'Name a container of it, or host: rulesguard doctor CONTAINER --to ADDRESS:PORT --peer …',
    });
  const [name = ''] = sender.names;
  const container = facts.containers.find((one) => one.name === name);
  if (container?.networkMode === 'host') return { is: 'host' };
  const owner = container && ownerOf(container, facts);
  return owner === undefined ? sender : { is: 'containers', names: [owner.name] };
}

const ownerOf = ({ networkMode }: ContainerFacts, { containers }: Facts): ContainerFacts | undefined =>
  networkMode.startsWith(SHARED)
    ? containers.find(({ id, name }) => [id, name].includes(networkMode.slice(SHARED.length)))
    : undefined;
