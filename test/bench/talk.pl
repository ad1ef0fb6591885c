# A server that holds its connections: every line is answered with the address it came from and the server's name.
# usage: perl -e TEXT PORT NAME [ignore-term]. As init of a container it ignores SIGTERM unless it handles it.
use strict;
use warnings;
use Socket;

my ($port, $name, $ignores) = @ARGV;
$SIG{PIPE} = 'IGNORE';
$SIG{TERM} = sub { exit 0 } unless $ignores;
socket(my $listening, AF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
setsockopt($listening, SOL_SOCKET, SO_REUSEADDR, 1);
bind($listening, pack_sockaddr_in($port, INADDR_ANY)) or die "bind: $!\n";
listen($listening, 128) or die "listen: $!\n";
my %open;
while (1) {
    my $bits = '';
    vec($bits, fileno($_), 1) = 1 for $listening, map { $_->[0] } values %open;
    select($bits, undef, undef, undef) > 0 or next;
    if (vec($bits, fileno($listening), 1) and my $peer = accept(my $connection, $listening)) {
        my (undef, $address) = unpack_sockaddr_in($peer);
        $open{fileno($connection)} = [$connection, inet_ntoa($address)];
    }
    for my $number (grep { vec($bits, $_, 1) } keys %open) {
        my ($connection, $address) = @{ $open{$number} };
        if (sysread($connection, my $line, 4096)) { syswrite($connection, "$address $name\n") }
        else { delete $open{$number} }
    }
}
