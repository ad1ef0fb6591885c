import type {
  ClosedEndpoint,
  HostBinding,
  LinkIntent,
  PublishedIntent,
} from '../../../docker/intent/values.ts';
import { inIptables } from '../../../docker/intent/trusted.ts';
import { hostPort } from '../../../net/address.ts';
import { host, type WriteContext } from './writing.ts';

/** The rules of one published port in one family (docs/reference/docker-iptables.md#published-ports). */
export function writePort(writing: WriteContext, published: PublishedIntent): void {
  const { intent, era, book } = writing;
  const { bridge, proto, binding } = published;
  const port = String(published.port);
  const match = `-p ${proto} -m ${proto}`;
  const address = host(published.address, intent.family);
  if (binding !== undefined) writeTranslation(writing, published, binding);
  if (published.admitted === 'by-port') {
    const accept = `-d ${address} ! -i ${bridge} -o ${bridge} ${match} --dport ${port} -j ACCEPT`;
    if (era.layout === 'forward') book.append('filter', 'DOCKER', accept);
    else book.insert('filter', 'DOCKER', accept);
  }
  if (published.fillsChecksums)
    book.append('mangle', 'POSTROUTING', `${match} --sport ${port} -j CHECKSUM --checksum-fill`);
  // 28.0.0 to 28.1.1 close the host's loopback address before the container's own.
  if (binding?.closedRemotely === true)
    book.append(
      'raw',
      'PREROUTING',
      `-d ${host(binding.address, intent.family)} ! -i lo ${match} --dport ${String(binding.port)} -j DROP`,
    );
  if (published.closedDirectly)
    book.append('raw', 'PREROUTING', `-d ${address} ! -i ${bridge} ${match} --dport ${port} -j DROP`);
}

function writeTranslation(
  { intent, book }: WriteContext,
  { bridge, proto, address, port }: PublishedIntent,
  binding: HostBinding,
): void {
  const { family } = intent;
  const match = `-p ${proto} -m ${proto}`;
  const linkLocal = binding.linkLocal === 'docker-proxy' ? '! -s fe80::/10 ' : '';
  const on = binding.address === '' ? '' : `-d ${host(binding.address, family)} `;
  const from = binding.ownNetwork === 'docker-proxy' ? `! -i ${bridge} ` : '';
  book.append(
    'nat',
    'DOCKER',
    `${linkLocal}${on}${from}${match} --dport ${String(binding.port)} -j DNAT --to-destination ${hostPort(address, port)}`,
  );
  const own = host(address, family);
  if (binding.hairpin)
    book.append('nat', 'POSTROUTING', `-s ${own} -d ${own} ${match} --dport ${String(port)} -j MASQUERADE`);
}

/** An endpoint that is closed to packets that come past its bridge, published ports or not. */
export function writeEndpoint(
  { intent, book }: WriteContext,
  { bridge, address, trusted }: ClosedEndpoint,
): void {
  const to = `-d ${host(address, intent.family)}`;
  for (const one of trusted) book.append('raw', 'PREROUTING', `${to} -i ${inIptables(one)} -j ACCEPT`);
  book.append('raw', 'PREROUTING', `${to} ! -i ${bridge} -j DROP`);
}

/** `--link` opens a network whose containers may not otherwise talk. */
export function writeLink({ intent, book }: WriteContext, link: LinkIntent): void {
  const { bridge, proto, port, from, to } = link;
  const spec = (source: string, destination: string, side: string) =>
    `-s ${host(source, intent.family)} -d ${host(destination, intent.family)} -i ${bridge} -o ${bridge} -p ${proto} -m ${proto} --${side} ${String(port)} -j ACCEPT`;
  book.append('filter', 'DOCKER', spec(from, to, 'dport'));
  book.append('filter', 'DOCKER', spec(to, from, 'sport'));
}
