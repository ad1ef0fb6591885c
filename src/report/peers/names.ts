/**
 * By which names texts may call hosts, for a mask: as they are told apart, as they call themselves, and without their domain.
 *
 * @param hosts - `host-b.example.com`, or `host-b.example.com (asked)` where two have one name
 */
export const namesToMask = (hosts: readonly string[]): readonly string[] =>
  hosts.flatMap((host) => {
    const [own = ''] = host.split(' (');
    return [host, own, own.split('.')[0] ?? ''];
  });
