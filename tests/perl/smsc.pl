#!/usr/bin/perl
# An SMSC on Debian's Net::SMPP: a second opinion on SMPP, on loopback. It says on standard output what it sees, a JSON
# object a line, and takes orders on standard input: {"deliver": {...}} sends a deliver_sm over the bind that receives.
use strict;
use warnings;
use IO::Select;
use JSON::PP;
use Net::SMPP;

$| = 1;
my ($system_id, $password) = @ARGV;
my $listener = Net::SMPP->new_listen('127.0.0.1', port => 0, smpp_version => 0x34, async => 1) or die "listen: $!";
my $select = IO::Select->new($listener, \*STDIN);
my ($receiver, $last_id, $orders) = (undef, 0, '');
my %kinds = (
    Net::SMPP::CMD_bind_transceiver() => 'transceiver',
    Net::SMPP::CMD_bind_receiver() => 'receiver',
    Net::SMPP::CMD_bind_transmitter() => 'transmitter',
);

sub tell_ { print encode_json({ @_ }), "\n" }

sub on_bind {
    my ($peer, $pdu) = @_;
    my $kind = $kinds{ $pdu->{cmd} };
    my $is_known = $pdu->{system_id} eq $system_id && $pdu->{password} eq $password;
    my $answer = "bind_${kind}_resp";
    $peer->$answer(seq => $pdu->{seq}, status => $is_known ? 0 : 0x0E, system_id => 'net-smpp');
    return unless $is_known;
    $receiver = $peer if $kind ne 'transmitter';
    tell_(bound => $kind);
}

sub on_submit {
    my ($peer, $pdu) = @_;
    my $id = sprintf '%08X', ++$last_id + 0xAB;
    $peer->submit_sm_resp(seq => $pdu->{seq}, status => 0, message_id => $id);
    tell_(submitted => {
        source => $pdu->{source_addr},
        dest => $pdu->{destination_addr},
        octets => unpack('H*', $pdu->{short_message}),
        data_coding => $pdu->{data_coding},
        esm_class => $pdu->{esm_class},
        receipt => $pdu->{registered_delivery},
        validity => $pdu->{validity_period},
        reference => unpack('n', $pdu->{user_message_reference} // "\0\0"),
        id => $id,
    });
}

sub on_pdu {
    my ($peer) = @_;
    my $pdu = $peer->read_pdu();
    if (!defined $pdu) {
        $select->remove($peer);
        $receiver = undef if defined $receiver && $receiver == $peer;
        tell_(closed => JSON::PP::true);
    } elsif (exists $kinds{ $pdu->{cmd} }) {
        on_bind($peer, $pdu);
    } elsif ($pdu->{cmd} == Net::SMPP::CMD_submit_sm()) {
        on_submit($peer, $pdu);
    } elsif ($pdu->{cmd} == Net::SMPP::CMD_enquire_link()) {
        $peer->enquire_link_resp(seq => $pdu->{seq});
    } elsif ($pdu->{cmd} == Net::SMPP::CMD_unbind()) {
        $peer->unbind_resp(seq => $pdu->{seq}, status => 0);
    } elsif ($pdu->{cmd} == Net::SMPP::CMD_deliver_sm_resp()) {
        tell_(delivered => $pdu->{status});
    } elsif ($pdu->{cmd} == Net::SMPP::CMD_enquire_link_resp()) {
        tell_(enquired => $pdu->{status});
    } else {
        tell_(unexpected => $pdu->{cmd});
    }
}

sub on_order {
    my ($order) = @_;
    if (my $fields = $order->{deliver}) {
        $receiver->deliver_sm(%$fields, short_message => pack('H*', $fields->{short_message}));
    } elsif ($order->{enquire}) {
        $receiver->enquire_link();
    }
}

tell_(listening => $listener->sockport);
while (1) {
    for my $ready ($select->can_read) {
        if ($ready == $listener) {
            $select->add($listener->accept);
        } elsif ($ready == \*STDIN) {
            exit 0 unless sysread STDIN, $orders, 65536, length $orders;
            on_order(decode_json($1)) while $orders =~ s/^(.*)\n//;
        } else {
            on_pdu($ready);
        }
    }
}
