import { resolversFrom } from '../../doctor/facts/procfs.ts';
import { isLoopback } from '../../net/address.ts';
import { readProc } from './proc-file.ts';

/** Where systemd-resolved writes the name servers behind its own: dockerd gives containers those. */
const BEHIND = '/run/systemd/resolve/resolv.conf';

/** Name servers of this host, as dockerd gives them to containers that were not told others; empty where none can be read. */
export function readNameServers(): readonly string[] {
  const all = readFrom('/etc/resolv.conf');
  return all.every(isLoopback) ? readFrom(BEHIND) : all.filter((one) => !isLoopback(one));
}

const readFrom = (path: string): readonly string[] => resolversFrom(readProc(path) ?? '');
