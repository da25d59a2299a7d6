#!/usr/bin/env python3
"""Gate: functions and constructs that this project does not use, each with what to use instead."""

import math
import re

import gate

REPAIR = "each finding says what to use instead"
# name: what to use instead. Everywhere in C.
BANNED = {
    "strcpy": "a struct buffer or snprintf",
    "strcat": "a struct buffer",
    "strncpy": "memcpy with the length, or snprintf",
    "strncat": "a struct buffer",
    "sprintf": "snprintf",
    "vsprintf": "vsnprintf",
    "gets": "fgets",
    "strtok": "strcspn and strspn",
    "strtok_r": "strcspn and strspn",
    "atoi": "strtol with its end checked",
    "atol": "strtol with its end checked",
    "atoll": "strtoll with its end checked",
    "atof": "strtod with its end checked",
    "localtime": "gmtime_r",
    "gmtime": "gmtime_r",
    "asctime": "strftime",
    "ctime": "strftime",
    "alloca": "the arena",
    "strdupa": "the arena",
    "system": "posix_spawn",
    "popen": "posix_spawn",
    "rand": "random_bytes of base/ids.h or getrandom",
    "srand": "getrandom",
    "random": "getrandom",
    "srandom": "getrandom",
    "tmpnam": "mkstemp",
    "tempnam": "mkstemp",
    "mktemp": "mkstemp",
    "PQexec": "postgres/postgres.h",
    "PQexecParams": "postgres/postgres.h",
    "PQexecPrepared": "postgres/postgres.h",
    "PQprepare": "postgres/postgres.h",
    "PQconnectdb": "PQconnectStartParams",
    "PQconnectdbParams": "PQconnectStartParams",
    "PQsetdbLogin": "PQconnectStartParams",
    "PQreset": "a new connection",
    "swapcontext": "common/co: it costs two system calls",
    "sleep": "co_sleep_until, or waiting for the condition itself",
    "usleep": "co_sleep_until, or waiting for the condition itself",
    "nanosleep": "co_sleep_until, or waiting for the condition itself",
    "curl_easy_perform": "http/client.h",
}

# What stands in one place only: pattern, who may, what to say.
CONFINED = (
    (
        r"\b(_?sig(?:set|long)jmp|_?setjmp|_?longjmp|makecontext|getcontext)\s*\(",
        r"(common/co/|tests/unit/co/)",
        "{} lives in common/co only",
    ),
    (r"\b(gethostbyname(?:_r)?|gethostbyaddr)\s*\(", r"$^", "{}: getaddrinfo on the offload pool"),
    (
        r"\b(stderr|perror|psignal)\b",
        r"(tests/|common/co/loop\.c)",
        "{}: a daemon's output is log lines (telemetry/log.h)",
    ),
    (r"\b(evhttp_send_error)\s*\(", r"$^", "{} answers in HTML"),
)

CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
# Tests and bench peers may block: nothing else runs on their thread.
TESTS_MAY = {"PQexec", "PQexecParams", "PQexecPrepared", "PQprepare", "PQconnectdb", "curl_easy_perform", "nanosleep"}
LOCAL_ARRAY = re.compile(
    r"^[\t ]+(?!static\b|return\b)(?:const )?(?:struct )?\w+[ \*]+\w+\[([\dA-Z_ \*\+]+)\](?:\s*=|;)",
    re.MULTILINE,
)
MAX_LOCAL_ARRAY = 4096


def banned_calls(tree):
    for name in tree.c_files():
        code = tree.code(name)
        for match in CALL.finditer(code):
            if match.group(1) in TESTS_MAY and name.startswith("tests/"):
                continue
            called, line = match.group(1), gate.line_of(code, match.start())
            yield f"{name}:{line}: {called} is banned; use {BANNED[called]}"
        for pattern, allowed, message in CONFINED:
            if not re.match(allowed, name):
                yield from gate.matches(tree, [name], pattern, message)


def printed_parameters(tree):
    """rpc_param is NULL for what is not given, which printf writes as (null): it goes through a variable first, where a
    reader sees whether it was looked at."""
    for name in tree.daemon_sources():
        code = tree.code(name)
        for match in re.finditer(r"\b\w*printf\s*\(", code):
            if "rpc_param(" in arguments(code, match.end()):
                yield f"{name}:{gate.line_of(code, match.start())}: rpc_param as an argument of printf may be NULL"


def arguments(code, start):
    """The code from behind an opening parenthesis to the one that closes it."""
    depth, end = 1, start
    while depth and end < len(code):
        depth += {"(": 1, ")": -1}.get(code[end], 0)
        end += 1
    return code[start:end]


def resolving_outside_the_pool(tree):
    """getaddrinfo blocks: only a file that hands work to the offload pool may name it."""
    for name in tree.daemon_sources():
        if '#include "co/offload.h"' not in tree.text(name):
            yield from gate.matches(tree, [name], r"\b(getaddrinfo)\s*\(", "{} outside the offload pool")


def constant_size(expression):
    """The value of a sum of products of numbers; 0 when there is a name in it (-Wframe-larger-than sees those)."""
    if not re.fullmatch(r"[\d \*\+]+", expression):
        return 0
    return sum(math.prod(int(factor) for factor in term.split("*")) for term in expression.split("+"))


def large_locals(tree):
    for name in tree.daemon_sources():
        code = tree.code(name)
        for match in LOCAL_ARRAY.finditer(code):
            size, line = constant_size(match.group(1)), gate.line_of(code, match.start())
            if size > MAX_LOCAL_ARRAY:
                yield f"{name}:{line}: a local array of {size}; {MAX_LOCAL_ARRAY} are allowed"


def backward_gotos(tree):
    for function in tree.functions:
        body = tree.body(function)
        for match in re.finditer(r"\bgoto\s+(\w+)\s*;", body):
            label = re.search(rf"^\s*{match.group(1)}\s*:(?!:)", body, re.MULTILINE)
            if label and label.start() < match.start():
                yield f"{function.path}:{function.first}: {function.name} jumps backward to {match.group(1)}"


def check(tree):
    names = tree.c_files()
    return [
        *banned_calls(tree),
        *resolving_outside_the_pool(tree),
        *printed_parameters(tree),
        *large_locals(tree),
        *backward_gotos(tree),
        *gate.matches(tree, names, r"\(void\)\s*!", "a result is ignored by (void) alone, not (void)!"),
        *gate.matches(tree, names, r"^typedef\s+(struct|union|enum)\b[^;(]*[{;]", "typedef of a {}: write it out"),
        *gate.matches(tree, names, r"#\s*pragma\s+once", "#pragma once: write a guard"),
    ]


if __name__ == "__main__":
    gate.main(check)
