import { printable } from '../text.ts';

/** A piece of HTML that is safe as it is: made by {@link html}, or a constant. */
export interface Html {
  readonly html: string;
}

/** What a template may contain: texts are escaped, pieces are not, lists are joined, `undefined` is nothing. */
type Filling = string | number | Html | undefined | readonly Filling[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for element content and quoted attributes: a rule's comment may hold markup, and bytes that are no text. */
const escaped = (text: string): string =>
  printable(text).replaceAll(/[&<>"']/g, (char) => ENTITIES[char] ?? char);

/** A template of HTML. It is the only way to put a text into the page, so no text gets in unescaped. */
export function html(parts: TemplateStringsArray, ...fillings: readonly Filling[]): Html {
  return { html: parts.reduce((sum, part, index) => `${sum}${filled(fillings[index - 1])}${part}`) };
}

function filled(filling: Filling): string {
  if (filling === undefined) return '';
  if (typeof filling === 'string') return escaped(filling);
  if (typeof filling === 'number') return String(filling);
  if ('html' in filling) return filling.html;
  return filling.map(filled).join('');
}
