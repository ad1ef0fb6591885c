/** Lines of rules in a table, by chain. */
const ruleLines = (lines: readonly string[], isMeant: (chain: string) => boolean): readonly number[] => {
  let chain = '';
  return lines.flatMap((line, at) => {
    const opened = /^\t(?:chain|map|set) (\S+) \{/.exec(line);
    if (opened !== null) chain = line.startsWith('\tchain') ? (opened[1] ?? '') : '';
    return /^\t\t(?!type |elements)/.test(line) && chain !== '' && isMeant(chain) ? [at] : [];
  });
};

/** The names of a listed table's chains. */
export const chainsIn = (text: string): readonly string[] =>
  [...text.matchAll(/^\tchain (\S+) \{/gm)].map(([, name = '']) => name);

/** One of some, by any number. */
export const nth = <Value>(all: readonly Value[], at: number): Value | undefined =>
  all[at % Math.max(all.length, 1)];

const moveLine = (lines: readonly string[], from: number, to: number, isKept: boolean): readonly string[] => {
  const line = lines[from] ?? '';
  const rest = isKept ? lines : lines.filter((_, i) => i !== from);
  const at = !isKept && to > from ? to - 1 : to;
  return [...rest.slice(0, at), line, ...rest.slice(at)];
};

/** A table with one more rule in a chain. @param at - any number, which says where */
export function withRule(text: string, chain: string, rule: string, at: number): string {
  const lines = text.split('\n');
  const start = lines.findIndex((one) => one.startsWith(`\tchain ${chain} {`));
  const own = lines.slice(start).findIndex((one) => one === '\t}');
  const head = (lines[start + 1] ?? '').startsWith('\t\ttype ') ? 2 : 1;
  const place = start + head + (at % (own - head + 1));
  return [...lines.slice(0, place), `\t\t${rule}`, ...lines.slice(place)].join('\n');
}

/** Damages of the rules of a table as it is listed. */
export const DAMAGES: Readonly<Record<string, (text: string, at: number, to: number) => string>> = {
  'a rule deleted': (text, at) => onRules(text, at, (lines, line) => lines.filter((_, i) => i !== line)),
  'a rule doubled': (text, at, to) =>
    onRules(text, at, (lines, line, chain) => moveLine(lines, line, nth(chain, to) ?? line, true)),
  'a rule moved': (text, at, to) =>
    onRules(text, at, (lines, line, chain) => moveLine(lines, line, nth(chain, to) ?? line, false)),
  'a rule in another chain': (text, at, to) =>
    onRules(text, at, (lines, line) =>
      moveLine(
        lines,
        line,
        nth(
          ruleLines(lines, () => true),
          to,
        ) ?? line,
        false,
      ),
    ),
  'a chain flushed': (text, at) => {
    const lines = text.split('\n');
    const gone = new Set(ruleLines(lines, (one) => one === nth(chainsIn(text), at)));
    return lines.filter((_, i) => !gone.has(i)).join('\n');
  },
  'an element deleted': (text, at) =>
    onElements(text, at, (all, one) => all.filter((_, i) => i !== one % Math.max(all.length, 1))),
  'elements reversed': (text, at) => onElements(text, at, (all) => [...all].reverse()),
  'an element led elsewhere': (text, at, to) =>
    onElements(text, at, (all, one) =>
      all.map((element, i) =>
        i === one % all.length
          ? element.replace(
              /: .*/,
              `: ${
                to % 3 === 0
                  ? 'drop'
                  : to % 3 === 1
                    ? 'accept'
                    : `jump ${
                        nth(
                          chainsIn(text).filter((name) => name.includes('__')),
                          to,
                        ) ?? ''
                      }`
              }`,
            )
          : element,
      ),
    ),
  'an element for many': (text, at) => onElements(text, at, (all) => ['"br-*" : accept', ...all]),
  'a map flushed': (text, at) => onElements(text, at, () => []),
  'a policy': (text, at) => {
    const hooks = [...text.matchAll(/policy accept;/g)].map(({ index }) => index);
    const index = nth(hooks, at);
    return index === undefined ? text : `${text.slice(0, index)}policy drop;${text.slice(index + 14)}`;
  },
  'a set of somebody': (text) =>
    text.replace('{\n', '{\n\tset some {\n\t\ttype ipv4_addr\n\t\telements = { 10.1.0.2 }\n\t}\n'),
  'it sleeps': (text) => text.replace('{\n', '{\n\tflags dormant\n'),
};

function onRules(
  text: string,
  at: number,
  change: (lines: readonly string[], line: number, chain: readonly number[]) => readonly string[],
): string {
  const lines = text.split('\n');
  const line = nth(
    ruleLines(lines, () => true),
    at,
  );
  if (line === undefined) return text;
  const chain = chainsIn(text).map((one) => ruleLines(lines, (name) => name === one));
  return change(lines, line, chain.find((all) => all.includes(line)) ?? []).join('\n');
}

function onElements(
  text: string,
  at: number,
  change: (elements: readonly string[], one: number) => readonly string[],
): string {
  const lists = [...text.matchAll(/elements = \{ (.*) \}/g)];
  const list = nth(lists, at);
  if (list === undefined) return text;
  const changed = change((list[1] ?? '').split(', '), Math.floor(at / lists.length));
  const whole = changed.length === 0 ? 'comment "none"' : `elements = { ${changed.join(', ')} }`;
  return `${text.slice(0, list.index)}${whole}${text.slice(list.index + list[0].length)}`;
}
