import { targetOf } from '../../firewall/iptables/text/view.ts';
import { isBuiltin, type Chain, type Ruleset, type Table } from '../../firewall/iptables/text/model.ts';

/** What dockerd writes into a container's own rules, so that port 53 of 127.0.0.11 leads to its name server. */
const RESOLVER: ReadonlySet<string> = new Set(['DOCKER_OUTPUT', 'DOCKER_POSTROUTING']);

/** The rules of a container's own firewall: without Docker's for its embedded DNS. */
export function withoutResolver({ tables }: Ruleset): Ruleset {
  return { tables: new Map([...tables].map(([name, table]) => [name, withoutIn(table)])) };
}

const withoutIn = (table: Table): Table => ({
  ...table,
  chains: new Map(
    [...table.chains]
      .filter(([name]) => !RESOLVER.has(name))
      .map(([name, chain]) => [
        name,
        { ...chain, rules: chain.rules.filter(({ text }) => !RESOLVER.has(targetOf(text) ?? '')) },
      ]),
  ),
});

/** Whether a ruleset can decide about any packet: it holds a rule, or a policy other than ACCEPT. */
export const decides = ({ tables }: Ruleset): boolean =>
  [...tables.values()].some(({ name, chains }) =>
    [...chains.values()].some((chain) => chain.rules.length > 0 || refuses(name, chain)),
  );

const refuses = (table: string, { name, policy }: Chain): boolean =>
  isBuiltin(table, name) && policy === 'DROP';
