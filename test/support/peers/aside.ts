import type { Change } from '../doctor/host-facts.ts';

/** A network without a bridge. */
const MACVLAN = { id: 'lan', name: 'lan', driver: 'macvlan', bridge: '' } as const;

/** A running container moved to a macvlan network. */
export const onMacvlan =
  (name: string, address: string): Change =>
  (facts) => ({
    ...facts,
    networks: [...facts.networks, ...facts.networks.slice(0, 1).map((one) => ({ ...one, ...MACVLAN }))],
    containers: facts.containers.map((one) => {
      if (one.name !== name) return one;
      const [first] = one.attachments;
      const moved = first && { ...first, network: 'lan', networkId: 'lan', ipv4: address };
      return { ...one, attachments: moved ? [moved] : [] };
    }),
  });

/** The Engine does not answer, so nothing of its networks, containers and ports is known. */
export const engineSilent: Change = (facts) => ({
  ...facts,
  engine: {
    ...{ answered: false, code: 'RG_ENGINE_HUNG', message: 'the Engine did not answer within 5 s' },
    ...{ hint: undefined, details: [], log: undefined },
  },
  networks: [],
  containers: [],
  ports: [],
});
