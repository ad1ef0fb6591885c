import { readFile } from 'node:fs/promises';
import type { ListeningSocket } from '../../doctor/facts/facts.ts';
import { listenersFrom, tcpInUse } from '../../doctor/facts/procfs.ts';
import { readProc } from './proc-file.ts';

/** Where Docker's own name server listens inside a container, over both protocols or not at all. */
const RESOLVER = '127.0.0.11';

/**
 * The sockets that wait for packets in a process's network namespace.
 *
 * The kernel walks its one table of all connections of the machine for each reading of net/tcp and net/tcp6, 1.5 ms here
 * and more where there is more memory: so those are read only where the namespace has a TCP socket of that family at all,
 * and one that is not the name server's. They are read off the main thread, several at once.
 *
 * @param proc - `/proc/PID`
 */
export async function readListeners(proc: string): Promise<readonly ListeningSocket[]> {
  const datagrams = ['udp', 'udp6'].flatMap((file) => read(`${proc}/net/${file}`, 'udp'));
  const resolvers = datagrams.some(({ address }) => address === RESOLVER) ? 1 : 0;
  const streams = await Promise.all([
    (inUse(`${proc}/net/sockstat`) ?? Infinity) > resolvers ? tcp(`${proc}/net/tcp`) : [],
    (inUse(`${proc}/net/sockstat6`) ?? Infinity) > 0 ? tcp(`${proc}/net/tcp6`) : [],
  ]);
  return [...streams.flat(), ...datagrams];
}

const read = (path: string, proto: ListeningSocket['proto']): readonly ListeningSocket[] =>
  listenersFrom(readProc(path) ?? '', proto);

const inUse = (path: string): number | undefined => tcpInUse(readProc(path) ?? '');

const tcp = async (path: string): Promise<readonly ListeningSocket[]> =>
  listenersFrom(await readFile(path, 'latin1').catch(() => ''), 'tcp');
