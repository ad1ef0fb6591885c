#!/usr/bin/perl
# The lab's server and its client: every request is answered with the address it came from, as the server saw it.
# usage: echo.pl serve PORT/tcp PORT/udp ...     HTTP on tcp, one datagram for one datagram on udp
#        echo.pl ask tcp|udp ADDRESS PORT SECONDS [FROM-PORT]   prints the answer; fails when there is none in time
use strict;
use warnings;
use Socket qw(:DEFAULT :addrinfo inet_ntop IPPROTO_TCP IPPROTO_UDP SOL_SOCKET);

my $mode = shift // '';
$mode eq 'serve' ? serve(@ARGV) : $mode eq 'ask' ? ask(@ARGV) : die "usage: see the head of this file\n";

# One socket for both families: an IPv4 peer arrives as ::ffff:a.b.c.d.
sub seen {
    my (undef, $packed) = unpack_sockaddr_in6($_[0]);
    my $address = inet_ntop(AF_INET6, $packed);
    $address =~ s/^::ffff:(?=\d+\.)//;
    return "$address\n";
}

sub listening {
    my ($port, $protocol) = $_[0] =~ m{^(\d+)/(tcp|udp)$} or die "not PORT/tcp or PORT/udp: $_[0]\n";
    my $type = $protocol eq 'tcp' ? SOCK_STREAM : SOCK_DGRAM;
    socket(my $socket, AF_INET6, $type, 0) or die "socket: $!\n";
    setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1);
    bind($socket, pack_sockaddr_in6($port, Socket::IN6ADDR_ANY)) or die "bind $_[0]: $!\n";
    $protocol eq 'udp' or listen($socket, 64) or die "listen: $!\n";
    return [$socket, $protocol];
}

sub serve {
    # As init of a container it is ended only by a handler of its own.
    $SIG{TERM} = $SIG{INT} = sub { exit 0 };
    $SIG{PIPE} = 'IGNORE';
    my @open = map { listening($_) } @_;
    while (1) {
        my $bits = '';
        vec($bits, fileno($_->[0]), 1) = 1 for @open;
        select($bits, undef, undef, undef) > 0 or next;
        for (grep { vec($bits, fileno($_->[0]), 1) } @open) {
            my ($socket, $protocol) = @$_;
            $protocol eq 'tcp' ? answer_tcp($socket) : answer_udp($socket);
        }
    }
}

sub answer_udp {
    my $peer = recv($_[0], my $ignored, 2048, 0) or return;
    send($_[0], seen($peer), 0, $peer);
}

sub answer_tcp {
    my $peer = accept(my $connection, $_[0]) or return;
    # A client that sends nothing must not delay the others for long.
    setsockopt($connection, SOL_SOCKET, SO_RCVTIMEO, pack('l!l!', 1, 0));
    sysread($connection, my $ignored, 65536);
    my $body = seen($peer);
    syswrite($connection, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " . length($body) . "\r\n\r\n$body");
    close($connection);
}

sub local_port {
    my ($family, $port) = @_;
    return $family == AF_INET ? pack_sockaddr_in($port, INADDR_ANY) : pack_sockaddr_in6($port, Socket::IN6ADDR_ANY);
}

sub ask {
    my ($protocol, $address, $port, $seconds, $from) = @_;
    my $type = $protocol eq 'tcp' ? SOCK_STREAM : SOCK_DGRAM;
    my ($error, $to) = getaddrinfo($address, $port, { flags => AI_NUMERICHOST, socktype => $type });
    die "$address: $error\n" if $error;
    # No handler: the default action ends the process, which means that no answer came.
    alarm $seconds;
    socket(my $socket, $to->{family}, $type, 0) or die "socket: $!\n";
    !$from or bind($socket, local_port($to->{family}, $from)) or die "bind $from: $!\n";
    connect($socket, $to->{addr}) or die "connect: $!\n";
    syswrite($socket, $protocol eq 'tcp' ? "GET / HTTP/1.0\r\n\r\n" : 'who am I?') or die "send: $!\n";
    my $reply = '';
    while (sysread($socket, $reply, 65536, length $reply)) { last if $protocol eq 'udp' }
    $reply =~ s/.*?\r\n\r\n//s;
    length $reply or die "no answer\n";
    print $reply;
}
