import { expect, test } from 'vitest';
import { redactArguments } from '../../../src/watch/redact.ts';

/** Arguments without blanks in them, as a shell would part them. */
const redacted = (line: string): string => redactArguments(line.split(' ')).join(' ');

test.each([
  ['fw.py --password=hunter2 --apply', 'fw.py --password=*** --apply'],
  ['fw.py --db-passwd hunter2 --apply', 'fw.py --db-passwd *** --apply'],
  ['fw.py -password hunter2', 'fw.py -password ***'],
  ['env DB_PASSWORD=hunter2 API_KEY=abc KEY=abc fw.sh', 'env DB_PASSWORD=*** API_KEY=*** KEY=*** fw.sh'],
  [
    'docker run -e MYSQL_ROOT_PASSWORD=x --env=TOKEN=y a',
    'docker run -e MYSQL_ROOT_PASSWORD=*** --env=TOKEN=*** a',
  ],
  ['mysql -phunter2 -u root', 'mysql -p*** -u root'],
  ['sshpass -p hunter2 ssh -p 22 host', 'sshpass -p *** ssh -p 22 host'],
  ['docker login -u me -p hunter2 example.org', 'docker login -u me -p *** example.org'],
  ['curl -u me:hunter2 https://example.org', 'curl -u me:*** https://example.org'],
  ['curl -ume:hunter2 x', 'curl -ume:*** x'],
  ['curl https://me:hunter2@example.org/x?y', 'curl https://me:***@example.org/x?y'],
  ['git clone https://ghp_abcdefghijklmnop1234@github.com/x', 'git clone https://***@github.com/x'],
  ['redis-cli -a hunter2 ping', 'redis-cli -a *** ping'],
  ['swarm join --token SWMTKN-1-abc', 'swarm join --token ***'],
  ['ip xfrm state add enc aes 0x0123456789abcdef0123456789abcdef', 'ip xfrm state add enc aes ***'],
  ['tool --auth-key abc --api_key=abc --secret-id x', 'tool --auth-key *** --api_key=*** --secret-id x'],
])('%s', (line, expected) => {
  expect(redacted(line)).toBe(expected);
});

test.each([
  'iptables -t nat -A POSTROUTING -p tcp --dport 80 -j ACCEPT',
  'iptables-nft -A INPUT -ptcp -j NFQUEUE --queue-bypass --queue-num 3',
  '/usr/sbin/ip6tables-legacy-restore --noflush -p x',
  'docker run -p 8080:80 -p127.0.0.1:1:1 nginx',
  'fw.sh -p tcp -port 80 -p 8080:80/udp -path /etc/x',
  'ssh://git@example.org/x',
  'cryptsetup --key-file=/etc/key open x',
  'docker login --password-stdin example.org',
  'mkdir -p /run/x',
  'nft add rule inet filter input tcp dport 22 accept',
])('%s stays as it is', (line) => {
  expect(redacted(line)).toBe(line);
});

test('a command line inside an argument is read as one', () => {
  const script = `mysql -phunter2 db; TOKEN='a b' iptables -p tcp -F; curl -H "Authorization: Bearer abc def"`;
  expect(redactArguments(['sh', '-c', script])).toEqual([
    'sh',
    '-c',
    `mysql -p*** db; TOKEN=*** iptables -p tcp -F; curl -H "Authorization: ***"`,
  ]);
  expect(redactArguments(['sh', '-c', `ssh host "PASSWORD=x iptables -F; exit"`])[2]).toBe(
    `ssh host "PASSWORD=*** iptables -F; exit"`,
  );
});

test('headers, JSON and private keys are found inside arguments', () => {
  expect(
    redactArguments(['curl', '-H', 'X-Auth-Token: abc', '-d', '{"user":"me","password":"x y"}']),
  ).toEqual(['curl', '-H', 'X-Auth-Token: ***', '-d', '{"user":"me","password":"***"}']);
  expect(redactArguments(['x', '-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END'])).toEqual(['x', '***']);
});

test.each(['"', "'", '"\'', '://', 'a=', '-p ', 'x:', '"a":"', '{"a', 'eyJaaaaaaaa.', ' ', '\0'])(
  'what a process writes into its command line costs little time: %j',
  (piece) => {
    const text = piece.repeat(Math.ceil(4096 / piece.length));
    const begun = performance.now();
    redactArguments(['sh', '-c', text]);
    redactArguments(text.split(' '));
    expect(performance.now() - begun).toBeLessThan(1000);
  },
);
