"""What is a request, and what is not: one table, sent to every daemon, which stand on both engines.

Behind each row comes a second, valid request on the same connection. Where the end of the first is in doubt, it must
not be answered; where it is not, it must, in order. So no row can be read in two ways (RFC 9112 section 11.2).
"""

import json

import pytest
from raw_http import converse
from stack import NAMES

pytestmark = pytest.mark.asan

CALL = b'{"jsonrpc":"2.0","id":1,"method":"no.such.method"}'
PROBE = b"GET /probe HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"
JSON = b"Content-Type: application/json"
LENGTH = b"%d" % len(CALL)
ALL = b"%x\r\n%s\r\n" % (len(CALL), CALL)  # as one chunk
LAST = b"0\r\n\r\n"
CHUNKED = ALL + LAST
FOUND_NOTHING = 404  # what the probe is answered
GOOD = (200, FOUND_NOTHING)  # answered, and so is what follows
NOTHING = (404, FOUND_NOTHING)


def head(*lines, line=b"POST /rpc HTTP/1.1", host=b"Host: x"):
    return b"\r\n".join([line, *([host] if host is not None else []), *lines]) + b"\r\n\r\n"


def call(*lines, **options):
    """A call that is well but for the lines."""
    return head(JSON, b"Content-Length: " + LENGTH, *lines, **options) + CALL


def lengths(*values, body=CALL):
    return head(JSON, *(b"Content-Length: " + value for value in values)) + body


def coded(*lines, body=CHUNKED, **options):
    return head(JSON, *lines, **options) + body


def chunks(body):
    return coded(b"Transfer-Encoding: chunked", body=body)


def get(target, method=b"GET", version=b"HTTP/1.1", lines=(), **options):
    return head(*lines, line=b"%s %s %s" % (method, target, version), **options)


# name: (bytes, statuses of the answers in order); the connection is closed after the last.
ROWS = {
    # Content-Length: RFC 9110 section 8.6, RFC 9112 section 6.3
    "a call": (call(), GOOD),
    "two lengths": (lengths(LENGTH, b"1"), (400,)),
    "two lengths, shorter first": (lengths(b"1", LENGTH), (400,)),
    "the same length twice": (lengths(LENGTH, LENGTH), (400,)),
    "list of lengths": (lengths(LENGTH + b", " + LENGTH), (400,)),
    "length with plus": (lengths(b"+" + LENGTH), (400,)),
    "length with minus": (lengths(b"-" + LENGTH), (400,)),
    "length in hex": (lengths(b"0x32"), (400,)),
    "length with a blank inside": (lengths(b"5 0"), (400,)),
    "length with a point": (lengths(b"50.0"), (400,)),
    "length of letters": (lengths(b"ten"), (400,)),
    "empty length": (lengths(b""), (400,)),
    "length beyond 64 bits": (lengths(b"18446744073709551666"), (400,)),
    "length with zeros in front": (lengths(b"000" + LENGTH), GOOD),
    "length too large": (lengths(b"104857600"), (413,)),
    "blanks around the length": (lengths(b"  " + LENGTH + b"  "), GOOD),
    "a CR alone before the request line": (b"\r" + get(b"/livez"), (400,)),
    "absolute form with a port beyond 65535": (get(b"http://a.example:65536/livez"), (400,)),
    "absolute form with what is no IPv6 address": (get(b"http://[:::::1]/livez"), (400,)),
    "absolute form with an IPv4 address in brackets": (get(b"http://[1.2.3.4]/livez"), (400,)),
    # Transfer-Encoding: RFC 9112 sections 6.1 and 6.3
    "chunked": (coded(b"Transfer-Encoding: chunked"), GOOD),
    "chunked in capitals": (coded(b"TRANSFER-ENCODING: Chunked"), GOOD),
    "chunked with blanks around it": (coded(b"Transfer-Encoding:   chunked  "), GOOD),
    "gzip, chunked": (coded(b"Transfer-Encoding: gzip, chunked"), (501,)),
    "identity, chunked": (coded(b"Transfer-Encoding: identity, chunked"), (501,)),
    "chunked, chunked": (coded(b"Transfer-Encoding: chunked, chunked"), (400,)),
    "chunked, identity": (coded(b"Transfer-Encoding: chunked, identity"), (400,)),
    "chunked, gzip": (coded(b"Transfer-Encoding: chunked, gzip"), (400,)),
    "gzip alone": (coded(b"Transfer-Encoding: gzip"), (400,)),
    "identity alone": (coded(b"Transfer-Encoding: identity", b"Content-Length: " + LENGTH, body=CALL), (400,)),
    "coding that ends like chunked": (coded(b"Transfer-Encoding: xchunked"), (400,)),
    "chunked with a parameter": (coded(b"Transfer-Encoding: chunked;q=1"), (400,)),
    "empty coding": (coded(b"Transfer-Encoding:"), (400,)),
    "list with an empty coding": (coded(b"Transfer-Encoding: , chunked"), (400, 501)),
    "vertical tab before chunked": (coded(b"Transfer-Encoding: \x0bchunked"), (400,)),
    "chunked in quotes": (coded(b'Transfer-Encoding: "chunked"'), (400,)),
    "two lines of codings": (coded(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"), (400,)),
    "two lines, the last unknown": (coded(b"Transfer-Encoding: chunked", b"Transfer-Encoding: x"), (400,)),
    "length and coding": (coded(b"Content-Length: 5", b"Transfer-Encoding: chunked"), (400,)),
    "coding and length": (coded(b"Transfer-Encoding: chunked", b"Content-Length: 5"), (400,)),
    "length and unknown coding": (coded(b"Content-Length: 5", b"Transfer-Encoding: cow"), (400,)),
    "chunked in HTTP/1.0": (coded(b"Transfer-Encoding: chunked", line=b"POST /rpc HTTP/1.0"), (400,)),
    "blank before the colon of the coding": (coded(b"Transfer-Encoding : chunked"), (400,)),
    "folded coding": (coded(b"Transfer-Encoding:\r\n chunked"), (400,)),
    "coding behind a bare CR": (coded(b"A: b\rTransfer-Encoding: chunked"), (400,)),
    "coding behind a bare LF": (coded(b"A: b\nTransfer-Encoding: chunked"), (400,)),
    # chunks: RFC 9112 section 7.1
    "two chunks": (chunks(b"a\r\n" + CALL[:10] + b"\r\n%X\r\n" % (len(CALL) - 10) + CALL[10:] + b"\r\n" + LAST), GOOD),
    "chunk size with zeros in front": (chunks(b"000" + ALL + b"000\r\n\r\n"), GOOD),
    "chunk size with plus": (chunks(b"+" + ALL + LAST), (400,)),
    "chunk size with minus": (chunks(b"-" + ALL + LAST), (400,)),
    "chunk size with 0x": (chunks(b"0x" + ALL + LAST), (400,)),
    "blank before the chunk size": (chunks(b" " + ALL + LAST), (400,)),
    "underscore in the chunk size": (chunks(b"0_" + ALL + LAST), (400,)),
    "chunk size of letters": (chunks(b"zz\r\n" + ALL + LAST), (400,)),
    "no chunk size": (chunks(b"\r\n" + ALL + LAST), (400,)),
    "chunk size beyond 64 bits": (chunks(b"1" + b"0" * 15 + b"32\r\n" + CALL + b"\r\n" + LAST), (400,)),
    "chunk larger than allowed": (chunks(b"7fffffff\r\n" + CALL), (400, 413)),
    "negative as 64 bits": (chunks(b"ffffffffffffffff\r\n" + CALL), (400, 413)),
    "chunk longer than it says": (chunks(b"5\r\n" + CALL + b"\r\n" + LAST), (400,)),
    "chunk without line end": (chunks(ALL[:-2] + LAST), (400,)),
    "bare LF after the chunk size": (chunks(ALL.replace(b"\r\n", b"\n", 1) + LAST), (400,)),
    "bare CR after the chunk size": (chunks(ALL.replace(b"\r\n", b"\r", 1) + LAST), (400,)),
    "bare LF after a chunk": (chunks(ALL[:-2] + b"\n" + LAST), (400,)),
    "bare LF after the last chunk": (chunks(ALL + b"0\n\r\n"), (400,)),
    "chunk extensions": (chunks(ALL.replace(b"\r\n", b";a=b\r\n", 1) + b"0;x\r\n\r\n"), GOOD),
    # llhttp does not know a second one after a value: refused, though RFC 9112 would have it ignored.
    "two chunk extensions": (chunks(ALL.replace(b"\r\n", b";a=b;c=d\r\n", 1) + LAST), (400,)),
    "chunk extension in quotes": (chunks(ALL.replace(b"\r\n", b';a="b,c"\r\n', 1) + LAST), GOOD),
    "chunk extension with a bare LF": (chunks(ALL.replace(b"\r\n", b";a\nb\r\n", 1) + LAST), (400,)),
    "flood of chunk extensions": (chunks(b"1;" + b"a" * 40000 + b"\r\n{\r\n" + LAST), (413, 431)),
    "trailers": (chunks(ALL + b"0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"), GOOD),
    "length in the trailers": (chunks(ALL + b"0\r\nContent-Length: 999\r\n\r\n"), GOOD),
    "coding in the trailers": (chunks(ALL + b"0\r\nTransfer-Encoding: gzip\r\n\r\n"), (400,)),
    "Host in the trailers": (chunks(ALL + b"0\r\nHost: y\r\n\r\n"), GOOD),
    "trailer without colon": (chunks(ALL + b"0\r\nnonsense\r\n\r\n"), (400,)),
    "trailer with a blank before the colon": (chunks(ALL + b"0\r\nA : b\r\n\r\n"), (400,)),
    "flood of trailers": (chunks(ALL + b"0\r\n" + b"A: b\r\n" * 10000 + b"\r\n"), (413, 431)),
    # Host: RFC 9112 section 3.2
    "no Host": (call(host=None), (400,)),
    "no Host in HTTP/1.0": (call(host=None, line=b"POST /rpc HTTP/1.0"), (200,)),
    "two Hosts": (call(b"Host: y"), (400,)),
    "two equal Hosts": (call(b"Host: x"), (400,)),
    "Host with a path": (call(host=b"Host: x/y"), (400,)),
    "Host with userinfo": (call(host=b"Host: me@x"), (400,)),
    "Host with a blank": (call(host=b"Host: x y"), (400,)),
    "list of Hosts": (call(host=b"Host: x, y"), (400,)),
    "Host with a port of letters": (call(host=b"Host: x:http"), (400,)),
    "Host with two ports": (call(host=b"Host: x:1:2"), (400,)),
    "Host in open brackets": (call(host=b"Host: [::1"), (400,)),
    "Host with a scheme": (call(host=b"Host: http://x"), (400,)),
    "Host of other letters": (call(host="Host: bücher".encode()), (400,)),
    "empty Host": (call(host=b"Host:"), GOOD),
    "Host with a port": (call(host=b"Host: example.org:8080"), GOOD),
    "Host of IPv6": (call(host=b"Host: [::1]:8080"), GOOD),
    # header lines: RFC 9112 section 5, RFC 9110 section 5.5
    "folded header": (call(b"A: b\r\n c"), (400,)),
    "header that begins with a blank": (call(b" A: b"), (400,)),
    "first header begins with a blank": (call(host=b" Host: x"), (400,)),
    "blank before the colon": (call(b"A : b"), (400,)),
    "empty header name": (call(b": b"), (400,)),
    "header without colon": (call(b"nonsense"), (400,)),
    "header name with a bracket": (call(b"A(b): c"), (400,)),
    "header name with other letters": (call("Ä: b".encode()), (400,)),
    "NUL in a value": (call(b"A: b\x00c"), (400,)),
    "NUL in a name": (call(b"A\x00: b"), (400,)),
    "line that begins with NUL": (call(b"\x00A: b"), (400,)),
    "line of NUL alone": (call(b"\x00"), (400,)),
    "control character in a value": (call(b"A: b\x01c"), (400,)),
    "DEL in a value": (call(b"A: b\x7fc"), (400,)),
    "bare CR in a value": (call(b"A: b\rc"), (400,)),
    "bare LF ends a header": (call(b"A: b\nC: d"), (400,)),
    "bare LF ends the request line": (call(host=b"X: y", line=b"POST /rpc HTTP/1.1\nHost: x"), (400,)),
    "bare LF ends the head": (call()[: -len(CALL) - 2] + b"\n" + CALL, (400,)),
    "CR CR LF": (call(b"A: b\r"), (400,)),
    "tab and other letters in a value": (call("A: b\tc ä".encode()), GOOD),
    "empty value": (call(b"A:"), GOOD),
    "header too large": (call(b"A: " + b"b" * 20000), (431,)),
    "too many headers": (call(*(b"A%d: b" % i for i in range(120))), (431,)),
    "headers without end": (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 4000, (431,)),
    # request line: RFC 9112 section 3
    "no request line": (b"\x01\x02\x03\r\n\r\n", (400, 501)),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", (400, 501)),
    "words": (b"hello my server\r\n\r\n", (400, 501)),
    "HTTP/0.9": (b"GET /rpc\r\n\r\n", (400, 505)),
    "HTTP/0.9 with its number": (get(b"/rpc", version=b"HTTP/0.9"), (400, 505)),
    "HTTP/1.2": (get(b"/rpc", version=b"HTTP/1.2"), (400, 505)),
    "HTTP/2.0": (get(b"/rpc", version=b"HTTP/2.0"), (400, 505)),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505)),
    "HTTP/11": (get(b"/rpc", version=b"HTTP/11"), (400, 505)),
    "HTTP/1": (get(b"/rpc", version=b"HTTP/1"), (400, 505)),
    "HTTP/1.10": (get(b"/rpc", version=b"HTTP/1.10"), (400, 505)),
    "version in lower case": (get(b"/rpc", version=b"http/1.1"), (400, 505)),
    "version of letters": (get(b"/rpc", version=b"HTTP/x.y"), (400, 505)),
    "another protocol": (get(b"/rpc", version=b"FTP/1.1"), (400, 505)),
    "three words before the version": (get(b"/rpc /x"), (400, 505)),
    "blank after the version": (get(b"/rpc", version=b"HTTP/1.1 "), (400, 505)),
    "blank before the method": (b" " + get(b"/rpc"), (400, 501)),
    "empty lines before the request": (b"\r\n\r\n\r\n" + call(), GOOD),
    "bare LF before the request": (b"\n" + call(), (400,)),
    "unknown method": (get(b"/rpc", b"FROBNICATE"), (501,)),
    "method in lower case": (call(line=b"post /rpc HTTP/1.1"), (400, 501)),
    "method of WebDAV": (get(b"/rpc", b"PROPFIND"), (501,)),
    "method of caches": (get(b"/rpc", b"PURGE"), (501,)),
    "method of streams": (get(b"/rpc", b"SOURCE", version=b"ICE/1.0"), (400, 501, 505)),
    "CONNECT": (get(b"x:80", b"CONNECT"), (400, 501)),
    "another method": (get(b"/rpc", b"DELETE"), (405, FOUND_NOTHING)),
    "TRACE": (get(b"/rpc", b"TRACE"), (405, FOUND_NOTHING)),
    # the target: RFC 9112 section 3.2
    "absolute form": (call(line=b"POST http://example.org/rpc HTTP/1.1"), GOOD),
    "absolute form with a port": (call(line=b"POST http://example.org:80/rpc?a=b HTTP/1.1"), GOOD),
    "absolute form without host": (get(b"http:///rpc"), (400,)),
    "absolute form with a port alone": (get(b"http://:80/rpc"), (400,)),
    "absolute form with userinfo": (get(b"http://a:b@c/rpc"), (400,)),
    "another scheme": (get(b"ftp://x/rpc"), (400,)),
    "authority form": (get(b"x:80"), (400,)),
    "asterisk": (get(b"*"), (400,)),
    "asterisk and more": (get(b"*/x", b"OPTIONS"), (400,)),
    "asterisk of OPTIONS": (get(b"*", b"OPTIONS"), NOTHING),
    "target without slash": (get(b"rpc"), (400,)),
    "target of a backslash": (get(b"\\rpc"), (400,)),
    "empty target": (b"GET  HTTP/1.1\r\nHost: x\r\n\r\n", (400, 505)),
    "target with a fragment": (get(b"/rpc#top"), (400,)),
    "target with a fragment in the query": (get(b"/rpc?a#top"), (400,)),
    "target with a control character": (get(b"/r\x01pc"), (400,)),
    "target with NUL": (get(b"/r\x00pc"), (400,)),
    "target with a tab": (get(b"/r\tpc"), (400, 505)),
    "target with DEL": (get(b"/r\x7fpc"), (400,)),
    "target of other letters": (get("/bücher".encode()), (400,)),
    "broken percent-encoding": (get(b"/r%zzpc"), (400,)),
    "cut percent-encoding": (get(b"/rpc%4"), (400,)),
    "percent alone": (get(b"/rpc%"), (400,)),
    "broken percent-encoding in the query": (get(b"/rpc?a=%zz"), (400,)),
    "encoded NUL": (get(b"/rpc%00.png"), (400,)),
    "encoded path": (call(line=b"POST /%72pc HTTP/1.1"), GOOD),
    "target too long": (get(b"/" + b"a" * 20000), (414, 431)),
    "dots": (get(b"/../../etc/passwd"), NOTHING),
    # bodies where none is usual: RFC 9110 section 9.3
    "body on GET": (get(b"/nothing", lines=(b"Content-Length: 5",)) + b"GET /", NOTHING),
    "chunks on GET": (get(b"/nothing", lines=(b"Transfer-Encoding: chunked",)) + b"3\r\nabc\r\n" + LAST, NOTHING),
    "body on DELETE": (get(b"/nothing", b"DELETE", lines=(b"Content-Length: 5",)) + b"GET /", NOTHING),
    "body on OPTIONS": (get(b"/nothing", b"OPTIONS", lines=(b"Content-Length: 5",)) + b"GET /", NOTHING),
    "body on HEAD": (get(b"/nothing", b"HEAD", lines=(b"Content-Length: 5",)) + b"GET /", (400,)),
    "body on TRACE": (get(b"/nothing", b"TRACE", lines=(b"Content-Length: 5",)) + b"GET /", (400,)),
    "HEAD": (get(b"/nothing", b"HEAD"), NOTHING),
    "POST without length": (head(JSON), (400, FOUND_NOTHING)),
    # Expect: RFC 9110 section 10.1.1
    "asking first": (call(b"Expect: 100-continue"), GOOD),
    "asking first in capitals": (call(b"Expect: 100-Continue"), GOOD),
    "asking first with too much": (lengths(b"104857600", body=b"").replace(JSON, b"Expect: 100-continue"), (413,)),
    "unknown expectation": (call(b"Expect: a miracle"), (417,)),
    "a known and an unknown expectation": (call(b"Expect: 100-continue, miracle"), (417,)),
    "unknown expectation in a second line": (call(b"Expect: 100-continue", b"Expect: miracle"), (417,)),
    # Connection and Upgrade: RFC 9110 sections 7.6.1 and 7.8
    "close": (call(b"Connection: close"), (200,)),
    "close in capitals": (call(b"Connection: CLOSE"), (200,)),
    "close behind another option": (call(b"Connection: x-option, close"), (200,)),
    "close before another option": (call(b"Connection: close, x-option"), (200,)),
    "close in a second line": (call(b"Connection: x-option", b"Connection: close"), (200,)),
    "keep-alive and close": (call(b"Connection: keep-alive, close"), (200,)),
    "option that begins like close": (call(b"Connection: closed"), GOOD),
    "keep-alive": (call(b"Connection: keep-alive"), GOOD),
    "HTTP/1.0": (call(line=b"POST /rpc HTTP/1.0"), (200,)),
    "HTTP/1.0 with keep-alive": (call(b"Connection: keep-alive", line=b"POST /rpc HTTP/1.0"), GOOD),
    "upgrade to HTTP/2": (call(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMA"), GOOD),
    "upgrade to a web socket": (
        get(b"/rpc", lines=(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13")),
        (405, FOUND_NOTHING),
    ),
}

# Rows of several statuses that are not a sequence: any of them will do, since the grammar alone does not say which.
ANY_OF = {name for name, (_, statuses) in ROWS.items() if len(statuses) > 1 and FOUND_NOTHING not in statuses}


def complaint(door, name):
    """What is wrong with a daemon's answers to a row; "" for nothing."""
    data, expected = ROWS[name]
    port = int(door.base.rsplit(":", 1)[1])
    answers, closed = converse(port, data + PROBE, methods=(data.split(b" ")[0],))
    statuses = tuple(answer.status for answer in answers)
    right = len(statuses) == 1 and statuses[0] in expected if name in ANY_OF else statuses == expected
    if not right or not closed:
        return f"{statuses}{'' if closed else ' and left open'} instead of {expected}"
    for answer in answers:
        if answer.body and json.loads(answer.body).get("jsonrpc") != "2.0":
            return f"not JSON-RPC: {answer.body[:100]!r}"
        if answer.status >= 400 and data[:4] != b"HEAD" and "error" not in json.loads(answer.body):
            return f"no error: {answer.body[:100]!r}"
    return "" if answers[-1].headers.get("connection") == "close" else "the last answer does not say that it closes"


@pytest.mark.parametrize("name", ROWS)
def test_a_request_is_read_in_one_way(stack, name):
    wrong = {daemon: complaint(stack[daemon], name) for daemon in NAMES}
    assert not any(wrong.values()), wrong


# What a daemon has besides its calls; the gateway's internal address has some of it.
PATHS = (b"/livez", b"/readyz", b"/metrics", b"/openrpc.json", b"/rpc", b"/images", b"/images/x", b"/docs", b"/nothing")


@pytest.mark.parametrize("name", NAMES)
def test_head_is_get_without_content(stack, name):
    port = int(stack[name].base.rsplit(":", 1)[1])
    for path in PATHS:
        data = get(path) + get(path, b"HEAD") + PROBE
        (full, bare, probe), closed = converse(port, data, methods=(b"GET", b"HEAD"))
        assert (full.status, probe.status, closed) == (bare.status, FOUND_NOTHING, True), path
        assert full.headers.get("content-type") == bare.headers.get("content-type"), path
