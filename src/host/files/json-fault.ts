/** One token: punctuation, a string, a number or a word. */
const TOKEN =
  /[ \t\r\n]*([{}[\],:]|"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/uy;

/**
 * Where a text stops being JSON, as `line 3, column 5: …`; undefined when it is JSON. Node's own message names no place for a short
 * text (Node 20 to 24).
 */
export function jsonFault(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    const at = firstFault(text);
    const before = text.slice(0, at).split('\n');
    const rest = text.slice(at).split('\n')[0]?.slice(0, 20) ?? '';
    const what = at >= text.length ? 'it ends too early' : `unexpected ${rest}`;
    return `line ${String(before.length)}, column ${String((before.at(-1)?.length ?? 0) + 1)}: ${what}`;
  }
}

/** What may come next: behind an opening bracket, a comma, a colon, a key or a value. */
type Expecting = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or end';

function firstFault(text: string): number {
  const open: ('{' | '[')[] = [];
  let expecting: Expecting = 'value';
  let at = 0;
  for (;;) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[1];
    const start = token === undefined ? skipBlanks(text, at) : TOKEN.lastIndex - token.length;
    const next: Expecting | undefined = token === undefined ? undefined : step(token, expecting, open);
    if (next === undefined) return start;
    expecting = next;
    at = TOKEN.lastIndex;
  }
}

const skipBlanks = (text: string, at: number): number =>
  at + (/^[ \t\r\n]*/.exec(text.slice(at))?.[0].length ?? 0);

/** What may follow a token; undefined when the token is not allowed here. Keeps track of the open brackets. */
function step(token: string, expecting: Expecting, open: ('{' | '[')[]): Expecting | undefined {
  const isKey = token.startsWith('"') && expecting.startsWith('key');
  if (isKey) return 'colon';
  if (expecting === 'colon') return token === ':' ? 'value' : undefined;
  const within = open.at(-1);
  const closes = (token === '}' && within === '{') || (token === ']' && within === '[');
  if (closes && /end|or/.test(expecting)) {
    open.pop();
    return 'comma or end';
  }
  if (expecting === 'comma or end') {
    if (token !== ',' || within === undefined) return undefined;
    return within === '{' ? 'key' : 'value';
  }
  if (expecting.startsWith('key') || /^[\]},:]$/.test(token)) return undefined;
  if (token !== '{' && token !== '[') return 'comma or end';
  open.push(token);
  return token === '{' ? 'key or }' : 'value or ]';
}
