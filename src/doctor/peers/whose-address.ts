import { sameBlock } from '../../net/address.ts';
import type { Check } from '../diagnosis.ts';
import { isUnseen } from '../facts/facts.ts';
import { isOwnAddress } from '../lookup.ts';
import { isListed } from '../target/listed.ts';
import { checksOf } from '../checks/check.ts';
import { advise } from '../remedies/proposal.ts';
import { asideCheck, placesAside, unlistedWords } from './aside.ts';
import { wiresOf } from './door.ts';
import type { PeerCause, PeerHost, WirePacket } from './peer.ts';

const { fail, unknown } = checksOf('wire');

/** The destination of a question is no address of the host that was asked, nor of a container's that is followed there. */
export const elsewhere = (packet: Pick<WirePacket, 'address'>, asked: PeerHost): PeerCause => ({
  place: 'asked',
  host: asked.about.host,
  check: undecided(packet, asked) ?? nobodys(packet, asked),
});

/** Where not all addresses of a host are known, or a container has it that packets are not followed to, nothing is wrong for all that is known. */
function undecided(
  { address }: Pick<WirePacket, 'address'>,
  { about: { host }, facts }: PeerHost,
): Check | undefined {
  const told = (why: string): Check =>
    unknown('address-elsewhere', `cannot tell whether ${host} or a container there has ${address}: ${why}`, {
      about: address,
      always: true,
    });
  if (isUnseen(facts, 'interfaces')) return told('its interfaces could not be read');
  if (!isListed(facts)) return told(unlistedWords(facts));
  return facts.containers.flatMap((container) => {
    const [place] = placesAside(container, facts).filter(({ attached: { ipv4, ipv6 } }) =>
      [ipv4, ipv6].some((own) => own !== '' && sameBlock(own, address)),
    );
    return place === undefined ? [] : [asideCheck(container, place)];
  })[0];
}

const nobodys = (packet: Pick<WirePacket, 'address'>, asked: PeerHost): Check =>
  fail(
    'address-elsewhere',
    `${packet.address} is no address of ${asked.about.host}, nor of a container there`,
    {
      about: packet.address,
      meaning: 'packets for it do not come to that host, or it has lost the address',
      evidence: wiresOf(asked.facts)
        .slice(0, 4)
        .map(
          ({ name, addresses }) =>
            `${name}: ${addresses.flatMap(({ address, scope }) => (scope === 'global' ? [address] : [])).join(', ') || 'no address'}`,
        ),
      remedies: [
        advise('give the host its address back in its network configuration, or ask for one that it has'),
      ],
    },
  );

/** The destination is an address of the asking host itself: nothing leaves it. */
export const here = (
  { address }: Pick<WirePacket, 'address'>,
  asking: PeerHost,
  asked: PeerHost,
): PeerCause => {
  const both = isOwnAddress(asked.facts.netState, address);
  return {
    place: 'asking',
    host: asking.about.host,
    check: fail('address-here', `${address} is an address of ${asking.about.host} itself`, {
      about: address,
      meaning: both
        ? `${asked.about.host} has it too; whoever asks for it on ${asking.about.host} gets that host`
        : `packets for it do not leave for ${asked.about.host}`,
      remedies: [advise(`ask for an address that ${asked.about.host} alone has`)],
    }),
  };
};
