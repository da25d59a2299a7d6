"""What memory the kernel has for the TCP connections of one port of this machine, at that end of them: what is sent and
not yet taken, and what has come and is not yet read. Asked of sock_diag(7), which counts other programs' apart."""

import socket
import struct

SOCK_DIAG, BY_FAMILY, DONE = 4, 20, 3  # NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, NLMSG_DONE
REQUEST, DUMP = 0x1, 0x300  # NLM_F_*
SKMEMINFO = 7  # INET_DIAG_*
LIVE = 0xFFF & ~(1 << 6 | 1 << 10)  # states but TIME_WAIT and LISTEN
HEAD = struct.Struct("=IHHII")  # nlmsghdr
MESSAGE = 72  # bytes of inet_diag_msg
READ, AHEAD, QUEUED, OPTIONS = 0, 4, 5, 6  # places in sk_meminfo: rmem_alloc, fwd_alloc, wmem_queued, optmem


def question():
    body = struct.pack("=BBBxI48x", socket.AF_INET, socket.IPPROTO_TCP, 1 << (SKMEMINFO - 1), LIVE)
    return HEAD.pack(HEAD.size + len(body), BY_FAMILY, REQUEST | DUMP, 1, 0) + body


def memory_of(message):
    """The bytes that one inet_diag_msg with its attributes tells of."""
    place = MESSAGE
    while place + 4 <= len(message):
        length, kind = struct.unpack_from("=HH", message, place)
        if kind == SKMEMINFO:
            words = struct.unpack_from("=7I", message, place + 4)
            return sum(words[which] for which in (READ, AHEAD, QUEUED, OPTIONS))
        place += (length + 3) & ~3
    return 0


def messages(data):
    place = 0
    while place < len(data):
        length, kind, *_ = HEAD.unpack_from(data, place)
        yield kind, data[place + HEAD.size : place + length]
        place += (length + 3) & ~3


def socket_memory(port):
    """Bytes, of all IPv4 connections whose own end is the port."""
    total = 0
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, SOCK_DIAG) as netlink:
        netlink.send(question())
        while True:
            for kind, message in messages(netlink.recv(1 << 16)):
                if kind != BY_FAMILY:
                    assert kind == DONE, f"sock_diag answers {kind}"
                    return total
                if struct.unpack_from(">H", message, 4)[0] == port:
                    total += memory_of(message)
