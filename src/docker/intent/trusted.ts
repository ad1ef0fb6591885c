/** Interfaces that a network trusts: the one of that name, or all whose names begin with it. */
export interface TrustedInterfaces {
  readonly name: string;
  readonly isPrefix: boolean;
}

/** What stands at the end of a name for any characters, in each program that Docker hands a name to as it was given. */
const ANY = { iptables: '+', nftables: '*' } as const;

/**
 * A network's trusted interfaces as each firewall backend reads them. Docker checks none of these names: it puts them into its rules as they
 * are (moby 28.2 to 29, `filterDirectAccess` of iptabler and nftabler). iptables takes `wg+` for a wildcard, and a comma for a part of a
 * name; nft takes `wg*` for one, and a comma for the end of a name.
 *
 * @param names - as the option `trusted_host_interfaces` has them, split at its colons
 */
export function trustedBy(
  names: readonly string[],
  { byNftables }: { readonly byNftables: boolean },
): readonly TrustedInterfaces[] {
  const any = byNftables ? ANY.nftables : ANY.iptables;
  const each = byNftables ? names.flatMap((name) => name.split(',').map((part) => part.trim())) : names;
  return each
    .filter((name) => name !== '')
    .map((name) =>
      name.endsWith(any) ? { name: name.slice(0, -1), isPrefix: true } : { name, isPrefix: false },
    );
}

/** Whether one of a network's trusted interfaces is meant. @param by - an interface's name */
export const trusts = (trusted: readonly TrustedInterfaces[], by: string): boolean =>
  trusted.some(({ name, isPrefix }) => (isPrefix ? by.startsWith(name) : by === name));

/** As an nft rule holds it. */
export const inNft = ({ name, isPrefix }: TrustedInterfaces): string =>
  isPrefix ? `${name}${ANY.nftables}` : name;

/** As a rule of iptables holds it. */
export const inIptables = ({ name, isPrefix }: TrustedInterfaces): string =>
  isPrefix ? `${name}${ANY.iptables}` : name;
