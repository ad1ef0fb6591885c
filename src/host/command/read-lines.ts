import type { Readable } from 'node:stream';

/** One line, latin1, without its end. `cut` when it was longer than allowed: the rest of it is dropped. */
export type OnLine = (line: string, cut: boolean) => void;

/**
 * Hands on the lines of a stream as they come, holding at most `most` characters of one that has not ended.
 *
 * @param encoding - of the text; latin1 is one character a byte
 */
export function readLines(
  stream: Readable,
  most: number,
  onLine: OnLine,
  encoding: 'latin1' | 'utf8' = 'latin1',
): void {
  let begun = '';
  let cut = false;
  stream.setEncoding(encoding);
  stream.on('data', (chunk: string) => {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', from)) {
      add(chunk.slice(from, end));
      onLine(begun, cut);
      begun = '';
      cut = false;
      from = end + 1;
    }
    if (from < chunk.length) add(chunk.slice(from));
  });
  // How the writer ended is told by others.
  stream.on('error', () => undefined);

  function add(piece: string): void {
    if (begun.length + piece.length > most) cut = true;
    begun += piece.slice(0, most - begun.length);
  }
}
