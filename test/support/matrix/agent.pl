#!/usr/bin/perl
# The matrix's servers and clients. A server says who it is and whom it saw, so that an answer from the wrong container
# is told from one of the right one; it also asks others on behalf of whoever tells it to, from where it is.
# usage: agent.pl serve FOLDER NAME PORT/tcp PORT/udp ...   answers every request with "NAME saw ADDRESS"; takes orders
#                                                           at the socket FOLDER/NAME; ADDRESS:PORT/tcp binds there only,
#                                                           and [ADDRESS]:PORT/tcp of IPv6
#        agent.pl order FOLDER PATIENCE LIMIT               reads "NAME QUESTION" lines, has each asked by NAME, all at
#                                                           once, and prints "ID<tab>ANSWER" for each; NAME host: itself
# QUESTION is ID,KIND,ADDRESS,PORT,WANTED[,SENDER]. SENDER is an address to ask from; ADDRESS@DEVICE takes answers by that
# device alone; ADDRESS#MARK gives packets a mark. Wanted answers (1) are waited for up to LIMIT seconds; the others
# for PATIENCE seconds, and for as long as a wanted one is out: on a busy machine a leak is as slow as an answer.
# KIND is tcp, udp, bulk (tcp, with an answer of many full packets), or dns (asks a name server for the address of SENDER).
# One who cannot be asked, for it does not run, answers "absent".
use strict;
use warnings;
use Errno qw(EINPROGRESS EAGAIN ECONNREFUSED);
use Fcntl qw(F_SETFL O_NONBLOCK);
use POSIX ();
use Socket qw(:DEFAULT :addrinfo inet_ntop inet_pton IPPROTO_TCP IPPROTO_UDP SOL_SOCKET SO_ERROR);
use constant { SO_BINDTODEVICE => 25, SO_MARK => 36 };

my $mode = shift // '';
$mode eq 'serve' ? serve(@ARGV) : $mode eq 'order' ? order(@ARGV) : die "usage: see the head of this file\n";

sub seen {
    my ($name, $peer) = @_;
    return "$name saw " . inet_ntoa((unpack_sockaddr_in($peer))[1]) if sockaddr_family($peer) == AF_INET;
    my (undef, $packed) = unpack_sockaddr_in6($peer);
    my $address = inet_ntop(AF_INET6, $packed);
    $address =~ s/^::ffff:(?=\d+\.)//;
    return "$name saw $address";
}

# One socket for both families: an IPv4 peer arrives as ::ffff:a.b.c.d.
sub listening {
    my ($only, $port, $protocol) = $_[0] =~ m{^(?:\[?([\d.]+|[\da-f:]+)\]?:)?(\d+)/(tcp|udp)$} or die "not PORT/tcp or PORT/udp: $_[0]\n";
    my $to = at($only // '::', $port);
    socket(my $socket, sockaddr_family($to), $protocol eq 'tcp' ? SOCK_STREAM : SOCK_DGRAM, 0) or die "socket: $!\n";
    setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1);
    bind($socket, $to) or die "bind $_[0]: $!\n";
    $protocol eq 'udp' or listen($socket, 64) or die "listen: $!\n";
    return [$socket, $protocol];
}

sub at {
    my ($address, $port) = @_;
    return $address =~ /:/ ? pack_sockaddr_in6($port, inet_pton(AF_INET6, $address)) : pack_sockaddr_in($port, inet_aton($address));
}

sub taking_orders {
    my ($path) = @_;
    unlink $path;
    socket(my $socket, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
    bind($socket, pack_sockaddr_un($path)) or die "bind $path: $!\n";
    listen($socket, 8) or die "listen: $!\n";
    return [$socket, 'order'];
}

sub serve {
    my ($folder, $name, @ports) = @_;
    # As init of a container nothing but an own handler ends it.
    $SIG{TERM} = $SIG{INT} = sub { exit 0 };
    $SIG{PIPE} = $SIG{CHLD} = 'IGNORE';
    my @open = (taking_orders("$folder/$name"), map { listening($_) } @ports);
    while (1) {
        my $bits = '';
        vec($bits, fileno($_->[0]), 1) = 1 for @open;
        select($bits, undef, undef, undef) > 0 or next;
        for (grep { vec($bits, fileno($_->[0]), 1) } @open) {
            my ($socket, $protocol) = @$_;
            $protocol eq 'tcp' ? answer_tcp($name, $socket)
                : $protocol eq 'udp' ? answer_udp($name, $socket)
                : take_order($socket);
        }
    }
}

# A child asks, so that this container answers meanwhile.
sub take_order {
    my ($socket) = @_;
    accept(my $orderer, $socket) or return;
    my $child = fork // die "fork: $!\n";
    if ($child == 0) {
        my $order = <$orderer>;
        syswrite($orderer, ask(split ' ', $order));
        POSIX::_exit(0);
    }
    close $orderer;
}

sub order {
    my ($folder, @patience) = @_;
    my %questions;
    while (<STDIN>) { push @{ $questions{$1} }, $2 if /^(\S+) (\S+)$/ }
    my @own = @{ delete $questions{host} // [] };
    my %out = map { (split /,/)[0] => 1 } map { @$_ } values %questions;
    my @asked = map {
        socket(my $socket, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
        # One who is paused takes the order and never answers.
        setsockopt($socket, SOL_SOCKET, SO_RCVTIMEO, pack('l!l!', $patience[1] + 2, 0));
        connect($socket, pack_sockaddr_un("$folder/$_"))
            ? syswrite($socket, join(' ', @patience, @{ $questions{$_} }) . "\n") && $socket
            : ()
    } keys %questions;
    print ask(@patience, @own);
    for my $socket (@asked) { while (<$socket>) { delete $out{ (split /\t/)[0] }; print } }
    print map { "$_\tabsent\n" } keys %out;
}

sub answer_udp {
    my ($name, $socket) = @_;
    my $peer = recv($socket, my $ignored, 2048, 0) or return;
    send($socket, seen($name, $peer), 0, $peer);
}

sub answer_tcp {
    my ($name, $socket) = @_;
    my $peer = accept(my $connection, $socket) or return;
    # A client that says nothing must not hold up the others for long; closing with its words unread would reset.
    setsockopt($connection, SOL_SOCKET, SO_RCVTIMEO, pack('l!l!', 1, 0));
    sysread($connection, my $request, 65536);
    my $bulk = ($request // '') =~ /^BULK/;
    # All of it at once into the buffer: nobody else waits for one who does not take it.
    setsockopt($connection, SOL_SOCKET, SO_SNDBUF, 200_000) if $bulk;
    syswrite($connection, seen($name, $peer) . ($bulk ? "\n" . 'x' x 20_000 : ''));
    close($connection);
}

# Seconds of a clock that nobody sets; perl-base has no Time::HiRes.
sub now { return (POSIX::times())[0] / POSIX::sysconf(POSIX::_SC_CLK_TCK()) }

sub is_stream { return $_[0] eq 'tcp' || $_[0] eq 'bulk' }

# A question for the IPv4 address of a name of one label.
sub dns { return pack('n6 C/a* C n2', 4711, 0x0100, 1, 0, 0, 0, $_[0], 0, 1, 1) }

sub begin {
    my ($id, $protocol, $address, $port, $wanted, $sender) = split /,/, $_[0];
    my $type = is_stream($protocol) ? SOCK_STREAM : SOCK_DGRAM;
    my ($error, $to) = getaddrinfo($address, $port, { flags => AI_NUMERICHOST, socktype => $type });
    die "$address: $error\n" if $error;
    my $one = { id => $id, protocol => $protocol, wanted => $wanted, heard => '', state => 'connecting', asked => now() };
    $one->{question} = $protocol eq 'dns' ? dns($sender) : $protocol eq 'bulk' ? "BULK\r\n\r\n" : "GET / HTTP/1.0\r\n\r\n";
    socket($one->{socket}, $to->{family}, $type, 0) or die "socket: $!\n";
    fcntl($one->{socket}, F_SETFL, O_NONBLOCK);
    speak_as($one->{socket}, $sender) if $sender && $protocol ne 'dns';
    if (connect($one->{socket}, $to->{addr})) { $one->{state} = 'connected'; question($one) }
    elsif ($! != EINPROGRESS) { settle($one, failure($one, $!)) }
    return $one;
}

sub speak_as {
    my ($socket, $sender) = @_;
    my ($address, $kind, $of) = $sender =~ /^([^@#]+)(?:([@#])(.+))?$/;
    if (($kind // '') eq '@') { setsockopt($socket, SOL_SOCKET, SO_BINDTODEVICE, pack('Z*', $of)) or die "$of: $!\n" }
    if (($kind // '') eq '#') { setsockopt($socket, SOL_SOCKET, SO_MARK, pack('l', $of)) or die "mark $of: $!\n" }
    bind($socket, at($address, 0)) or die "bind $address: $!\n";
}

sub failure {
    my ($one, $error) = @_;
    # ICMP errors are rate limited, so for udp they come or do not.
    return is_stream($one->{protocol}) && $error == ECONNREFUSED ? 'refused' : 'silence';
}

sub question {
    my ($one) = @_;
    $one->{asked} = now();
    syswrite($one->{socket}, $one->{question});
}

sub settle {
    my ($one, $answer) = @_;
    $answer = length $answer > 30 ? inet_ntoa(substr $answer, -4) : 'no such name' if $one->{protocol} eq 'dns' && length $one->{heard};
    $answer =~ s/.*?\r\n\r\n//s;
    $answer =~ s/\s+x*$//;
    $one->{answer} = $answer;
    close $one->{socket};
}

sub hear {
    my ($one) = @_;
    my $got = sysread($one->{socket}, $one->{heard}, 65536, length $one->{heard});
    if (!defined $got) { $! == EAGAIN or settle($one, failure($one, $!)) }
    elsif (!is_stream($one->{protocol}) && $got) { settle($one, $one->{heard}) }
    elsif (!$got) { settle($one, length $one->{heard} ? $one->{heard} : 'mute') }
}

sub connected {
    my ($one) = @_;
    my $error = unpack('i', getsockopt($one->{socket}, SOL_SOCKET, SO_ERROR));
    if ($error) { settle($one, failure($one, $error)); return }
    $one->{state} = 'connected';
    question($one);
}

sub turn {
    my @open = @_;
    my ($read, $write) = ('', '');
    for (@open) {
        if ($_->{state} eq 'connecting') { vec($write, fileno($_->{socket}), 1) = 1 }
        else { vec($read, fileno($_->{socket}), 1) = 1 }
        # A datagram may be lost where a connection would try again.
        question($_) if !is_stream($_->{protocol}) && now() - $_->{asked} > 1;
    }
    select($read, $write, undef, 0.05) > 0 or return;
    for (@open) {
        my $fd = fileno($_->{socket});
        if (vec($write, $fd, 1)) { connected($_) }
        elsif (vec($read, $fd, 1)) { hear($_) }
    }
}

sub ask {
    my ($patience, $limit, @questions) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my $begun = now();
    my @all = map { begin($_) } @questions;
    while (my @open = grep { !defined $_->{answer} } @all) {
        my $spent = now() - $begun;
        last if $spent > $limit || ($spent > $patience && !grep { $_->{wanted} } @open);
        turn(@open);
    }
    return join '', map {
        my $answer = $_->{answer} // ($_->{state} eq 'connected' && is_stream($_->{protocol}) ? 'mute' : 'silence');
        "$_->{id}\t$answer\n"
    } @all;
}
