#!/usr/bin/perl
# An outside client: a new flow of UDP each millisecond, and one connection of TCP that was there before. An answer is right if it is the
# address of the client, as the container sees it. Prints `ready` once answers are right, and at the end of its input
# `GAP-MILLISECONDS SENT WRONG HELD`: the longest time between two flows that were answered rightly with none between them, and whether the
# connection still carries lines.
# usage: client.pl ADDRESS UDP-PORT TCP-PORT OWN-ADDRESS
use strict;
use warnings;
use Socket;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

# While no rule translates, this host answers the connection's packets itself, and ends it: that is told at the end, and ends nothing else.
$SIG{PIPE} = 'IGNORE';
my ($address, $udp, $tcp, $own) = @ARGV;
my $to = pack_sockaddr_in($udp, inet_aton($address));
socket(my $held, AF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
connect($held, pack_sockaddr_in($tcp, inet_aton($address))) or die "connect: $!\n";
syswrite $held, "first\n";
sysread $held, my $first, 4096 or die "the connection is not answered\n";
$| = 1;
my $poll = '';
my (%open, @tries);
my ($next, $ended, $lines, $isReady, $talked, $isCut) = (clock_gettime(CLOCK_MONOTONIC), 0, 0, 0, 0, 0);
while (!$ended) {
    my $now = clock_gettime(CLOCK_MONOTONIC);
    if ($now >= $next) {
        $next += 0.001;
        $next = $now if $now - $next > 0.05;
        socket(my $flow, AF_INET, SOCK_DGRAM, 0) or die "socket: $!\n";
        my $try = { at => $now, right => 0 };
        push @tries, $try;
        # While the host refuses it, this fails.
        send($flow, '?', 0, $to);
        my $number = fileno $flow;
        $open{$number} = [$flow, $try];
        vec($poll, $number, 1) = 1;
        if ($now - $talked > 0.05) { $talked = $now; syswrite $held, "still here\n" }
        if (@tries % 50 == 0) {
            for my $old (grep { $now - $open{$_}[1]{at} > 0.25 } keys %open) { vec($poll, $old, 1) = 0; delete $open{$old} }
        }
    }
    my $ready = $poll;
    vec($ready, 0, 1) = 1;
    vec($ready, fileno $held, 1) = 1 if !$isCut;
    my $left = $next - clock_gettime(CLOCK_MONOTONIC);
    select($ready, undef, undef, $left > 0 ? $left : 0) > 0 or next;
    $ended = 1 if vec($ready, 0, 1) && !sysread STDIN, my $input, 64;
    if (vec $ready, fileno $held, 1) {
        # One that has ended could always be read, and nothing else would get its turn.
        if (my $read = sysread $held, my $answer, 4096) { $lines += $read }
        else { $isCut = 1 }
    }
    for my $number (keys %open) {
        vec $ready, $number, 1 or next;
        my ($flow, $try) = @{ $open{$number} };
        my $answer = '';
        defined recv $flow, $answer, 512, 0 and $answer eq "$own\n" and $try->{right} = 1;
        vec($poll, $number, 1) = 0;
        delete $open{$number};
        if (!$isReady && $try->{right}) { $isReady = 1; print "ready\n"; @tries = () }
    }
}
# The last ones may be on their way.
my $until = clock_gettime(CLOCK_MONOTONIC) - 0.25;
my ($gap, $right, $wrong, $sent) = (0, undef, 0, 0);
for my $try (grep { $_->{at} < $until } @tries) {
    $sent++;
    if (!$try->{right}) { $wrong++; next }
    my $since = defined $right ? $try->{at} - $right : 0;
    $gap = $since if $since > $gap;
    $right = $try->{at};
}
my $before = $lines;
syswrite $held, "at last\n";
my $end = clock_gettime(CLOCK_MONOTONIC) + 10;
while (!$isCut && $lines == $before && clock_gettime(CLOCK_MONOTONIC) < $end) {
    my $ready = '';
    vec($ready, fileno $held, 1) = 1;
    select($ready, undef, undef, 0.1) > 0 or next;
    my $read = sysread $held, my $answer, 4096 or last;
    $lines += $read;
}
printf "%.2f %d %d %d\n", 1000 * $gap, $sent, $wrong, $lines > $before ? 1 : 0;
