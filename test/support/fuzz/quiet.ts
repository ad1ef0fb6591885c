// eslint-disable-next-line no-control-regex -- control bytes are what this looks for
const LOUD = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

/** @throws Error when a text for people holds what moves a terminal or turns the direction of writing */
export function expectQuiet(what: string, text: string): void {
  const found = LOUD.exec(text);
  if (found === null) return;
  throw new Error(
    `${what} lets a control character out\n${JSON.stringify(text.slice(Math.max(0, found.index - 60), found.index + 20))}`,
  );
}
