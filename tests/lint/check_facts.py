#!/usr/bin/env python3
"""Gate: the lists of facts (<daemon>/api/facts.json) against the code.

Each topic that the C code of a daemon names is the daemon's own and stands in `facts` of its list, and each topic of
that list is named in its code; each topic in a table of struct fact_handler stands in `consumes` of the daemon's list,
and the reverse; and each topic that is consumed is in the list of the daemon that publishes it. A topic is what is
given to rpc_publish, and any other literal that reads "<daemon>.<noun>.<what happened>" and is no method: topics are
passed on as arguments and members of tables, and so are always written out, as one literal.
"""

import json
import re

import gate

REPAIR = "list the topic, or take it out, as docs/adding-a-method.md tells (when a fact is owed)"
FILE = "{}/api/facts.json"
LITERAL = re.compile(rf'"((?:{"|".join(gate.DAEMONS)})\.[a-z_]+\.[a-z_]+)"')
TABLE = re.compile(r"\bstruct\s+fact_handler\s+\w+\[\w*\]\s*=\s*\{(.*?)^\};", re.DOTALL | re.MULTILINE)
GIVEN = re.compile(r'\brpc_publish\(\s*[^,()]+,\s*[^,()]+,\s*"([^"]*)"')
# What looks like a topic and is none: uploading by HTTP, as scopes name it.
NAMES = {"images.image.create"}


def lists(tree, daemon):
    """({topic} that the list has, {topic} that it consumes); empty without a file. A broken file is check_api's."""
    if FILE.format(daemon) not in tree.files:
        return set(), set()
    try:
        document = json.loads(tree.text(FILE.format(daemon)))
    except ValueError:
        return set(), set()
    return tuple({fact.get("topic") for fact in document.get(name, [])} for name in ("facts", "consumes"))


def method_names(tree):
    """Names of methods, which look as topics do."""
    found = set()
    for name in tree.matching(".json", under=gate.DAEMONS):
        if re.fullmatch(r"\w+/api/\w+\.json", name):
            found |= set(re.findall(r'"name":\s*"([a-z]+\.[a-z_]+\.[a-z_]+)"', tree.text(name)))
    return found


def without_comments(text):
    return re.sub(r"/\*.*?\*/", lambda match: re.sub(r"[^\n]", " ", match.group()), text, flags=re.DOTALL)


def literals(tree, daemon, methods):
    """{topic: its place} of the literals in the daemon's code that are no methods and in no table of handlers."""
    found = {}
    for name in tree.matching(".c", ".h", under=(daemon,)):
        text = TABLE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), without_comments(tree.text(name)))
        given = [match for match in LITERAL.finditer(text) if match.group(1) not in methods | NAMES]
        for match in [*given, *GIVEN.finditer(text)]:
            found.setdefault(match.group(1), f"{name}:{gate.line_of(text, match.start(1))}")
    return found


def handled(tree, daemon):
    """{topic: its place} of the tables of handlers."""
    found = {}
    for name in tree.matching(".c", under=(daemon,)):
        text = tree.text(name)
        for table in TABLE.finditer(text):
            for entry in re.finditer(r'\{\s*"([^"]+)"', table.group(1)):
                found[entry.group(1)] = f"{name}:{gate.line_of(text, table.start(1) + entry.start())}"
    return found


def publisher_violations(daemon, listed, named):
    for topic, place in named.items():
        if topic.split(".")[0] != daemon:
            yield f"{place}: {daemon} publishes {topic}: a daemon tells of its own alone"
        elif topic not in listed:
            yield f"{place}: {topic} is neither in facts of {FILE.format(daemon)} nor a method"
    for topic in sorted(listed - named.keys()):
        yield f"{FILE.format(daemon)}:1: nothing in {daemon} publishes {topic}: take it out of the list"


def consumer_violations(daemon, consumes, handlers, everything):
    for topic, place in handlers.items():
        if topic not in consumes:
            yield f"{place}: {topic} is not in consumes of {FILE.format(daemon)}"
    for topic in sorted(consumes - handlers.keys()):
        yield f"{FILE.format(daemon)}:1: {topic} is consumed and has no handler in {daemon}"
    for topic in sorted(consumes - everything):
        yield f"{FILE.format(daemon)}:1: nobody's list has {topic}, which {daemon} consumes"


def check(tree):
    methods = method_names(tree)
    all_lists = {daemon: lists(tree, daemon) for daemon in gate.DAEMONS}
    everything = {topic for facts, _ in all_lists.values() for topic in facts}
    found = []
    for daemon, (facts, consumes) in all_lists.items():
        found += publisher_violations(daemon, facts, literals(tree, daemon, methods))
        found += consumer_violations(daemon, consumes, handled(tree, daemon), everything)
    return found


if __name__ == "__main__":
    gate.main(check)
