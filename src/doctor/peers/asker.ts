import { Fault } from '../../fault.ts';
import type { ContainerFacts, Facts } from '../facts/facts.ts';
import { isRunning } from '../lookup.ts';
import { findSender, type Sender } from '../target/sender.ts';

/** Somebody on a host who can ask another one: the host, or one container. */
export type PeerSender =
  Extract<Sender, { readonly is: 'host' }> | { readonly is: 'containers'; readonly names: readonly [string] };

const SHARED = 'container:';

/**
 * Who asks: each container that runs of those the word means; where none runs, all of them. A container in the host's network asks as the host does,
 * one in another container's as that one.
 *
 * @param word - a container, service or network, or `host`
 * @throws Fault RG_USAGE for what is nothing there, more than one thing, or nobody who asks
 */
export function sendersOn(word: string, facts: Facts): readonly PeerSender[] {
  const { sender } = findSender(word, facts, word);
  if (sender.is === 'host') return [sender];
  if (sender.is !== 'containers')
    throw new Fault('RG_USAGE', 2, `${word} is not on the host that asks`, {
      hint: 'Name a container of it, or host: rulesguard doctor CONTAINER --to ADDRESS:PORT --peer …',
    });
  const all = sender.names.map((name) => ({
    name,
    container: facts.containers.find((one) => one.name === name),
  }));
  const running = all.filter(({ container }) => container !== undefined && isRunning(container));
  const names = (running.length > 0 ? running : all).map(({ name, container }) =>
    asWhom(name, container, facts),
  );
  return [...new Set(names)].map((name) =>
    name === undefined ? { is: 'host' } : { is: 'containers', names: [name] },
  );
}

/** Whose network a container uses: undefined for the host's. */
function asWhom(name: string, container: ContainerFacts | undefined, facts: Facts): string | undefined {
  if (container?.networkMode === 'host') return undefined;
  return (container && ownerOf(container, facts))?.name ?? name;
}

const ownerOf = ({ networkMode }: ContainerFacts, { containers }: Facts): ContainerFacts | undefined =>
  networkMode.startsWith(SHARED)
    ? containers.find(({ id, name }) => [id, name].includes(networkMode.slice(SHARED.length)))
    : undefined;
