import { isLoopback } from '../../net/address.ts';
import type { Check } from '../diagnosis.ts';
import { isUnseen, type Facts } from '../facts/facts.ts';
import { isOwnAddress } from '../lookup.ts';
import { namesNothing, readArgument } from './argument.ts';
import { containersOf, type NameableContainer } from './names.ts';
import { isListed, unlisted } from './listed.ts';

/** Who asks. */
export type Sender =
  /** Everybody that should get through. */
  | { readonly is: 'anybody' }
  | { readonly is: 'host' }
  /** Somebody outside: by one interface, or with one address, where those are named; '' where they are not. */
  | { readonly is: 'outside'; readonly interface: string; readonly address: string }
  | { readonly is: 'containers'; readonly names: readonly string[] };

/** The sender, found among what there is; or why it was not found. */
export interface ResolvedSender {
  readonly sender: Sender;
  readonly trouble: readonly Check[];
}

/** What is known of whoever might ask. */
export type SenderFacts = Pick<Facts, 'netState' | 'networks' | 'unseen'> & {
  readonly engine: Pick<Facts['engine'], 'answered'>;
  readonly containers: readonly NameableContainer[];
};

const found = (sender: Sender, ...trouble: readonly Check[]): ResolvedSender => ({ sender, trouble });

/**
 * Finds who asks: `host`, `outside`, containers as a target names them, an address, or an interface. A typing error must not read
 * as healthy.
 *
 * @param spelled - the word as a refusal shows it
 * @throws Fault RG_USAGE for what is nothing here, or more than one thing
 */
export function findSender(word: string, facts: SenderFacts, spelled = `--from ${word}`): ResolvedSender {
  if (word === '') return found({ is: 'anybody' });
  if (word === 'host' || isLoopback(word)) return found({ is: 'host' });
  if (word === 'outside') return found({ is: 'outside', interface: '', address: '' });
  const { netState, networks } = facts;
  const named = readArgument(word, facts, (address) => isOwnAddress(netState, address));
  if (named?.is === 'host') return found({ is: 'host' });
  if (named?.is === 'elsewhere') return found({ is: 'outside', interface: '', address: named.address });
  const isBridge = networks.some(({ bridge }) => bridge === word);
  if (!isBridge && netState.links.some(({ name, master }) => name === word && master === ''))
    return found({ is: 'outside', interface: word, address: '' });
  const names = containersOf(named?.is === 'port' ? undefined : named, facts.containers).map(
    ({ name }) => name,
  );
  if (names.length > 0) return found({ is: 'containers', names });
  if (!isListed(facts) || isUnseen(facts, 'interfaces'))
    return found({ is: 'containers', names: [word] }, unlisted(word));
  throw namesNothing(
    spelled,
    word,
    named?.is === 'ambiguous' ? named : undefined,
    {
      containers: facts.containers,
      networks: [
        ...networks,
        ...netState.links
          .filter(({ master }) => master === '')
          .map(({ name }) => ({ id: '', name, bridge: name })),
      ],
    },
    'container, compose service, network or interface',
  );
}
