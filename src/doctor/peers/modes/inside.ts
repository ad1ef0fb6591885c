import { hostPort, isLoopback, sameBlock } from '../../../net/address.ts';
import { judgeAddresses } from '../../checks/container/addresses.ts';
import { checksOf, listNames } from '../../checks/check.ts';
import type { Check } from '../../diagnosis.ts';
import { addressOf, insideOf, linkInside, type Member } from '../../lookup.ts';
import { factsCommand } from '../../recorded/facts-command.ts';
import { advise } from '../../remedies/proposal.ts';
import { familyOf } from '../../../net/family.ts';
import type { PeerCause, PeerHost, PeerPlace, PeerTarget } from '../peer.ts';

const { fail, unknown } = checksOf('container');

/** Codes of what a container may have lost of its place on a network without a bridge. */
const LOST: ReadonlySet<string> = new Set(['container-interface-down', 'container-address-missing']);

/** What a container has lost inside of what carries its place; or that it could not be seen. */
export function judgePlace(
  member: Member,
  { about: { host } }: PeerHost,
  place: PeerPlace,
): readonly PeerCause[] {
  const { container, network } = member;
  const { name } = container;
  const inside = insideOf(container);
  const told = (checks: readonly Check[]): readonly PeerCause[] =>
    checks.map((check) => ({ place, host, check }));
  if (inside === undefined)
    return told([
      unknown('container-unseen', `${name} was not read in depth: its own interfaces are not known`, {
        about: name,
        remedies: [advise(`on ${host}: ${factsCommand(name)}`)],
      }),
    ]);
  if (linkInside(member) === undefined)
    return told([
      fail('container-interface-missing', `${name} has no interface on ${network.name}`, {
        about: name,
        meaning: 'the Engine gave it one, and it is gone',
        remedies: [
          advise(
            `connect it again on ${host}: docker network disconnect ${network.name} ${name}, then docker network connect`,
          ),
        ],
      }),
    ]);
  return told(
    judgeAddresses(container, inside, [member]).filter(
      ({ code, verdict }) => verdict === 'fail' && LOST.has(code),
    ),
  );
}

/** Whether something listens at the very address and port that are asked. */
export function judgeListening(
  { container, attached }: Member,
  { address, port, proto }: PeerTarget,
  { about: { host } }: PeerHost,
): readonly PeerCause[] {
  const { name } = container;
  const listeners = insideOf(container)?.listeners;
  const own = addressOf(attached, familyOf(address));
  const told = (check: Check): readonly PeerCause[] => [{ place: 'asked', host, check }];
  if (container.state === 'paused') return [];
  if (listeners === undefined)
    return told(
      unknown('container-unseen', `${name} was not read in depth: what its service listens on is not known`, {
        about: name,
        remedies: [advise(`on ${host}: ${factsCommand(name)}`)],
      }),
    );
  const found = listeners.filter((one) => one.port === port && one.proto === proto);
  if (found.some((one) => ['0.0.0.0', '::'].includes(one.address) || sameBlock(one.address, own))) return [];
  const target = `${String(port)}/${proto}`;
  const evidence = [
    `listening inside: ${listeners.map((one) => `${hostPort(one.address, one.port)}/${one.proto}`).join(', ') || 'nothing'}`,
  ];
  if (found.length === 0)
    return told(
      fail('nothing-listens', `nothing in ${name} listens on ${target}`, {
        about: name,
        meaning:
          'at its own address a container is asked for the port that its service listens on: published ports are those of its host',
        evidence,
        remedies: [advise(`ask for a port that is listened on, or start the service of ${name}`)],
      }),
    );
  const where = listNames([...new Set(found.map((one) => one.address))]);
  return told(
    fail(
      found.every((one) => isLoopback(one.address)) ? 'loopback-only' : 'listens-elsewhere',
      `the service of ${name} on ${target} listens on ${where} only`,
      {
        about: name,
        evidence,
        remedies: [
          advise(`have the service of ${name} listen on 0.0.0.0, in its own configuration, and restart it`),
        ],
      },
    ),
  );
}
