/** A table as `nft -s -a list table inet own` prints it. */
export const listed = (...chains: readonly string[]): string =>
  `table inet own { # handle 1\n${chains.map((chain) => `\t${chain.replaceAll('\n', '\n\t')}\n`).join('\n')}}\n`;

export const base = (head: string, policy: string, ...rules: readonly string[]): string =>
  [
    `chain ${head.split(' ')[2] ?? ''} { # handle 2`,
    `\ttype ${head}; policy ${policy};`,
    ...rules.map((rule, i) => `\t${rule} # handle ${String(i + 10)}`),
    '}',
  ].join('\n');

export const chain = (name: string, ...rules: readonly string[]): string =>
  [`chain ${name} { # handle 3`, ...rules.map((rule) => `\t${rule} # handle 30`), '}'].join('\n');
