#!/usr/bin/perl
# Sends packets made to the byte and says which arrive in its network namespace, and as what. Reads orders, one a line:
#   send ID PROTOCOL SOURCE DESTINATION SOURCEPORT DESTINATIONPORT DETAIL DEVICE
#        DETAIL: flags of TCP as a number, type of ICMP; the id travels as TCP's sequence number, else as the payload
#   drain MS    prints "ID DEVICE SOURCE DESTINATION SOURCEPORT DESTINATIONPORT" for each arrival and, when MS
#               milliseconds have passed without one, "done"
# usage: agent.pl wire|host   what arrives on a wire, before any rule; or what reaches sockets, behind all of them
use strict;
use warnings;
use Socket qw(:DEFAULT IPPROTO_RAW IPPROTO_TCP IPPROTO_UDP IPPROTO_ICMP);

use constant { AF_PACKET => 17, ETH_P_IP => 0x0800, SO_BINDTODEVICE => 25, PACKET_HOST => 0 };
my %NUMBER = (tcp => IPPROTO_TCP, udp => IPPROTO_UDP, icmp => IPPROTO_ICMP);
my $mode = shift // 'wire';
my @ears = $mode eq 'wire' ? (wire_ear()) : map { host_ear($_) } values %NUMBER;
my (%mouths, %names);
$| = 1;
print "ready\n";

while (my $line = <STDIN>) {
    my ($verb, @words) = split ' ', $line;
    $verb eq 'send' ? shoot(@words) : drain(@words);
}

sub wire_ear {
    socket(my $ear, AF_PACKET, SOCK_DGRAM, unpack('S', pack('n', ETH_P_IP))) or die "socket: $!\n";
    setsockopt($ear, SOL_SOCKET, SO_RCVBUF, pack('l', 8_000_000));
    return $ear;
}

sub host_ear {
    socket(my $ear, AF_INET, SOCK_RAW, $_[0]) or die "socket: $!\n";
    setsockopt($ear, SOL_SOCKET, SO_RCVBUF, pack('l', 8_000_000));
    return $ear;
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
        socket(my $mouth, AF_INET, SOCK_RAW, IPPROTO_RAW) or die "socket: $!\n";
        setsockopt($mouth, SOL_SOCKET, SO_BINDTODEVICE, pack('Z*', $device)) or die "$device: $!\n" if $device ne '-';
        bind($mouth, pack_sockaddr_in(0, inet_aton($source)));
        $mouth;
    };
}

sub shoot {
    my ($id, $protocol, $source, $destination, $sport, $dport, $detail, $device) = @_;
    my $number = $NUMBER{$protocol};
    my ($from, $to) = (inet_aton($source), inet_aton($destination));
    my $payload = pack('NN', 0x54524143, $id);
    my $segment;
    if ($protocol eq 'icmp') {
        $segment = pack('CCnnn', $detail, 0, 0, $sport, 1) . $payload;
        substr($segment, 2, 2) = pack('n', checksum($segment));
    } else {
        $segment = $protocol eq 'udp'
            ? pack('nnnn', $sport, $dport, 16, 0) . $payload
            : pack('nnNNCCnnn', $sport, $dport, $id, $detail & 0x10 ? 1 : 0, 0x50, $detail, 1024, 0, 0);
        my $sum = checksum($from . $to . pack('CCn', 0, $number, length $segment) . $segment);
        substr($segment, $protocol eq 'udp' ? 6 : 16, 2) = pack('n', $sum || 0xffff);
    }
    my $header = pack('CCnnnCCn', 0x45, 0, 20 + length $segment, $id & 0xffff, 0, 64, $number, 0) . $from . $to;
    # A refusal is an answer too: nothing arrives.
    send(mouth($source, $device), $header . $segment, 0, pack_sockaddr_in(0, $to));
}

sub drain {
    my ($quiet) = @_;
    while (1) {
        my $bits = '';
        vec($bits, fileno($_), 1) = 1 for @ears;
        select($bits, undef, undef, $quiet / 1000) > 0 or last;
        for my $ear (grep { vec($bits, fileno($_), 1) } @ears) {
            my $from = recv($ear, my $packet, 65535, 0) // next;
            my $device = 'socket';
            if ($mode eq 'wire') {
                my (undef, undef, $index, undef, $type) = unpack('SnlSC', $from);
                next if $type != PACKET_HOST;
                $device = $names{$index} //= name_of($index);
            }
            hear($packet, $device);
        }
    }
    print "done\n";
}

sub name_of {
    my ($index) = @_;
    my ($name) = map { /^\Q$index\E: ([^:@]+)/ ? $1 : () } `ip -o link`;
    return $name // $index;
}

sub hear {
    my ($packet, $device) = @_;
    my ($lead, $number, $from, $to) = unpack('Cx8Cx2a4a4', $packet);
    my $segment = substr($packet, ($lead & 15) * 4);
    my ($sport, $dport) = unpack('nn', $segment);
    my $id;
    if ($number == IPPROTO_TCP) {
        $id = unpack('x4N', $segment);
    } else {
        ($sport, $dport) = (unpack('x4n', $segment), 0) if $number == IPPROTO_ICMP;
        (my $magic, $id) = unpack('x8NN', $segment);
        return if !defined $id || $magic != 0x54524143;
    }
    print join(' ', $id, $device, inet_ntoa($from), inet_ntoa($to), $sport, $dport), "\n";
}
