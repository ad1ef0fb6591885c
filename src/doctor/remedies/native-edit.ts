/** An edit of one of nftables' own tables, as `nft` makes it. */
export type NativeEdit =
  | { readonly op: 'delete'; readonly handle: string }
  /** In front of a chain's rules, the first of them first. */
  | { readonly op: 'insert'; readonly chain: string; readonly rules: readonly string[] }
  /** In front of one rule. */
  | { readonly op: 'before'; readonly handle: string; readonly rule: string }
  /** Behind a chain's rules. */
  | { readonly op: 'append'; readonly chain: string; readonly rule: string }
  | { readonly op: 'policy'; readonly chain: string; readonly policy: 'accept' };

/**
 * A table's listing as the edit would leave it.
 *
 * @param text - as `nft -a list table` prints it
 * @returns undefined where the listing does not show what is edited
 */
export function editNative(text: string, edit: NativeEdit): string | undefined {
  const lines = text.split('\n');
  if (edit.op === 'delete' || edit.op === 'before') {
    const [first, length] = spanOf(lines, edit.handle) ?? [];
    if (first === undefined || length === undefined) return undefined;
    return edit.op === 'delete'
      ? lines.toSpliced(first, length).join('\n')
      : lines.toSpliced(first, 0, `\t\t${edit.rule}`).join('\n');
  }
  const rules = rulesAt(lines, edit.chain);
  if (rules === undefined) return undefined;
  switch (edit.op) {
    case 'insert':
      return lines.toSpliced(rules, 0, ...edit.rules.map((rule) => `\t\t${rule}`)).join('\n');
    case 'append': {
      const end = lines.indexOf('\t}', rules);
      return end < 0 ? undefined : lines.toSpliced(end, 0, `\t\t${edit.rule}`).join('\n');
    }
    case 'policy': {
      const hook = lines[rules - 1] ?? '';
      return / policy \w+;/.test(hook)
        ? lines.with(rules - 1, hook.replace(/ policy \w+;/, ` policy ${edit.policy};`)).join('\n')
        : undefined;
    }
  }
}

/** The line at which a chain's rules begin. */
function rulesAt(lines: readonly string[], chain: string): number | undefined {
  const head = lines.findIndex((line) => line.trimStart().startsWith(`chain ${chain} {`));
  if (head < 0) return undefined;
  return head + (/ hook \w+ /.test(lines[head + 1] ?? '') ? 2 : 1);
}

/** The first line of a rule, and how many it has. Its handle stands at the end of its last line; a set in it may spread over several. */
function spanOf(lines: readonly string[], handle: string): readonly [number, number] | undefined {
  const last = lines.findIndex((line) => line.endsWith(` # handle ${handle}`) && !line.includes('{ #'));
  if (last < 0) return undefined;
  let first = last;
  let open = depthOf(lines[last] ?? '');
  while (open < 0 && first > 0) open += depthOf(lines[--first] ?? '');
  return open === 0 ? [first, last - first + 1] : undefined;
}

const depthOf = (line: string): number => {
  const bare = line.replaceAll(/"[^"]*"/g, '');
  return (bare.match(/\{/g)?.length ?? 0) - (bare.match(/\}/g)?.length ?? 0);
};
