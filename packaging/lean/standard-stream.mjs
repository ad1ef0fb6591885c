// For execa: the same exports as its own utils/standard-stream.js, without making process.stdin's stream, which costs
// 2 ms and which no command of ours reads. Node gives each standard stream its number as `fd`; a child's streams have none.

export const STANDARD_STREAMS_ALIASES = ['stdin', 'stdout', 'stderr'];

export const STANDARD_STREAMS = {
  get 0() {
    return process.stdin;
  },
  get 1() {
    return process.stdout;
  },
  get 2() {
    return process.stderr;
  },
};

/** @type {(stream: { fd?: unknown }) => boolean} */
export const isStandardStream = (stream) =>
  (stream.fd === 0 || stream.fd === 1 || stream.fd === 2) && STANDARD_STREAMS[stream.fd] === stream;

/** @type {(fdNumber: number) => string} */
export const getStreamName = (fdNumber) => STANDARD_STREAMS_ALIASES[fdNumber] ?? `stdio[${String(fdNumber)}]`;
