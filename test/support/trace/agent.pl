#!/usr/bin/perl
# Sends packets made to the byte and says which arrive in its network namespace, and as what. Reads orders, one a line:
#   send ID PROTOCOL SOURCE DESTINATION SOURCEPORT DESTINATIONPORT DETAIL DEVICE
#        DETAIL: flags of TCP as a number, type of ICMP; the id travels as TCP's sequence number, else as the payload
#   drain MS    prints "ID DEVICE SOURCE DESTINATION SOURCEPORT DESTINATIONPORT" for each arrival and, when MS
#               milliseconds have passed without one, "done"
# usage: agent.pl wire                what arrives on a wire, before any rule
#        agent.pl host ADDRESS...     what reaches sockets, behind all of them; IPv6 only to these addresses
use strict;
use warnings;
use Socket qw(:DEFAULT IPPROTO_RAW IPPROTO_TCP IPPROTO_UDP IPPROTO_ICMP inet_pton inet_ntop
    pack_sockaddr_in6 unpack_sockaddr_in6 AF_INET6);

use constant { AF_PACKET => 17, ETH_P_IP => 0x0800, ETH_P_IPV6 => 0x86dd, SO_BINDTODEVICE => 25, PACKET_HOST => 0 };
use constant ICMP6 => 58;
my %NUMBER = (tcp => IPPROTO_TCP, udp => IPPROTO_UDP, icmp => IPPROTO_ICMP, 'ipv6-icmp' => ICMP6);
my ($mode, @own) = @ARGV;
# Each knows which address it listens on: a raw socket of IPv6 shows no header.
my @ears = $mode eq 'wire' ? map { wire_ear($_) } ETH_P_IP, ETH_P_IPV6 : (
    (map { host_ear(AF_INET, $_) } @NUMBER{qw(tcp udp icmp)}),
    (map { my $to = $_; map { host_ear(AF_INET6, $_, $to) } @NUMBER{qw(tcp udp ipv6-icmp)} } @own));
my (%mouths, %names);
$| = 1;
print "ready\n";

while (my $line = <STDIN>) {
    my ($verb, @words) = split ' ', $line;
    $verb eq 'send' ? shoot(@words) : drain(@words);
}

sub wire_ear {
    socket(my $ear, AF_PACKET, SOCK_DGRAM, unpack('S', pack('n', $_[0]))) or die "socket: $!\n";
    setsockopt($ear, SOL_SOCKET, SO_RCVBUF, pack('l', 8_000_000));
    return { socket => $ear };
}

sub host_ear {
    my ($family, $number, $to) = @_;
    socket(my $ear, $family, SOCK_RAW, $number) or die "socket: $!\n";
    setsockopt($ear, SOL_SOCKET, SO_RCVBUF, pack('l', 8_000_000));
    bind($ear, address($to)) or die "$to: $!\n" if defined $to;
    return { socket => $ear, number => $number, to => $to };
}

sub family { return $_[0] =~ /:/ ? AF_INET6 : AF_INET }

sub address {
    my $bytes = inet_pton(family($_[0]), $_[0]);
    return length $bytes == 4 ? pack_sockaddr_in(0, $bytes) : pack_sockaddr_in6(0, $bytes);
}

sub checksum {
    my ($bytes) = @_;
    my $sum = 0;
    $sum += $_ for unpack('n*', length($bytes) % 2 ? "$bytes\0" : $bytes);
    $sum = ($sum >> 16) + ($sum & 0xffff) while $sum >> 16;
    return ~$sum & 0xffff;
}

# A mouth per source and device: a bound socket is routed by its source, as any program's is.
sub mouth {
    my ($source, $device) = @_;
    return $mouths{"$source $device"} //= do {
        socket(my $mouth, family($source), SOCK_RAW, IPPROTO_RAW) or die "socket: $!\n";
        setsockopt($mouth, SOL_SOCKET, SO_BINDTODEVICE, pack('Z*', $device)) or die "$device: $!\n" if $device ne '-';
        bind($mouth, address($source));
        $mouth;
    };
}

sub shoot {
    my ($id, $protocol, $source, $destination, $sport, $dport, $detail, $device) = @_;
    my $number = $NUMBER{$protocol};
    my ($from, $to) = map { inet_pton(family($_), $_) } $source, $destination;
    my $payload = pack('NN', 0x54524143, $id);
    my $segment =
          $protocol =~ /icmp/ ? pack('CCnnn', $detail, 0, 0, $sport, 1) . $payload
        : $protocol eq 'udp'  ? pack('nnnn', $sport, $dport, 16, 0) . $payload
        :                       pack('nnNNCCnnn', $sport, $dport, $id, $detail & 0x10 ? 1 : 0, 0x50, $detail, 1024, 0, 0);
    # Only IPv4's ICMP sums up nothing but itself.
    my $beside = $protocol eq 'icmp' ? '' : $from . $to . pack('Nxxxc', length $segment, $number);
    substr($segment, $protocol =~ /icmp/ ? 2 : $protocol eq 'udp' ? 6 : 16, 2) =
        pack('n', checksum($beside . $segment) || 0xffff);
    my $header = length $from == 4
        ? pack('CCnnnCCn', 0x45, 0, 20 + length $segment, $id & 0xffff, 0, 64, $number, 0)
        : pack('NnCC', 0x6000_0000, length $segment, $number, 64);
    # A refusal is an answer too: nothing arrives.
    send(mouth($source, $device), $header . $from . $to . $segment, 0, address($destination));
}

sub drain {
    my ($quiet) = @_;
    while (1) {
        my $bits = '';
        vec($bits, fileno($_->{socket}), 1) = 1 for @ears;
        select($bits, undef, undef, $quiet / 1000) > 0 or last;
        for my $ear (grep { vec($bits, fileno($_->{socket}), 1) } @ears) {
            my $from = recv($ear->{socket}, my $packet, 65535, 0) // next;
            if (defined $ear->{to}) {
                my (undef, $source) = unpack_sockaddr_in6($from);
                hear('socket', $ear->{number}, inet_ntop(AF_INET6, $source), $ear->{to}, $packet);
                next;
            }
            my $device = 'socket';
            if ($mode eq 'wire') {
                my (undef, undef, $index, undef, $type) = unpack('SnlSC', $from);
                next if $type != PACKET_HOST;
                $device = $names{$index} //= name_of($index);
            }
            unwrap($packet, $device);
        }
    }
    print "done\n";
}

sub name_of {
    my ($index) = @_;
    my ($name) = map { /^\Q$index\E: ([^:@]+)/ ? $1 : () } `ip -o link`;
    return $name // $index;
}

sub unwrap {
    my ($packet, $device) = @_;
    my $lead = unpack('C', $packet);
    my $six = $lead >> 4 == 6;
    my ($number, $from, $to) = unpack($six ? 'x6Cx1a16a16' : 'x9Cx2a4a4', $packet);
    my @ends = map { inet_ntop($six ? AF_INET6 : AF_INET, $_) } $from, $to;
    hear($device, $number, @ends, substr($packet, $six ? 40 : ($lead & 15) * 4));
}

sub hear {
    my ($device, $number, $from, $to, $segment) = @_;
    my ($sport, $dport) = unpack('nn', $segment);
    my $id;
    if ($number == IPPROTO_TCP) {
        $id = unpack('x4N', $segment);
    } else {
        ($sport, $dport) = (unpack('x4n', $segment), 0) if $number == IPPROTO_ICMP || $number == ICMP6;
        (my $magic, $id) = unpack('x8NN', $segment);
        return if !defined $id || $magic != 0x54524143;
    }
    print join(' ', $id, $device, $from, $to, $sport, $dport), "\n";
}
