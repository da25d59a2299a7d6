#!/usr/bin/env python3
"""Gate: the dependency law, from the includes (docs/architecture.md draws it: check_layers.py --plan).

common knows no daemon; a daemon includes only itself and common. A folder is a room, one concept: the table below says
what a room of common may include; a room of a daemon may include others of it, never in a circle. What stands in a
daemon's own folder (main, start) is above its rooms, but for headers that include none of them. internal.h and
*_internal.h are for their own room. A room has at most 25 modules: more are two concepts. Includes are written
"base/arena.h".
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

import gate

REPAIR = (
    "include only what the room may know; a lower room reaches up by a function that the upper one registers; "
    "what two rooms share becomes a module below both"
)
MODULES_MOST = 25
PAGE = "docs/architecture.md"
# What a room of common may include besides itself and what those may.
COMMON = {
    "base": [],
    "telemetry": ["base"],
    "config": ["base"],
    "co": ["telemetry", "config"],
    "json": ["telemetry"],
    "schema": ["json"],
    "zone": ["schema"],
    "http": ["co"],
    "http/direct": ["http"],
    "http/evhttp": ["http"],
    "postgres": ["co"],
    "smtp": ["co", "http"],
    "token": ["json", "http"],
    "api": ["schema"],
    "rpc": ["api", "token", "postgres"],
    "link": ["rpc"],
    "client": ["link"],
    "outbox": ["client"],
    "daemon": ["outbox", "smtp"],
}
# Headers that no other room may include.
RESERVED = {"common/http/engine.h": ("common/http", "common/http/direct", "common/http/evhttp")}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.MULTILINE)


def includes(tree, name):
    text = tree.text(name)
    for match in INCLUDE.finditer(text):
        yield match.group(1), gate.line_of(text, match.start())


def within_reach(room):
    found, new = {room}, [room]
    while new:
        new = [lower for upper in new for lower in COMMON[upper] if lower not in found]
        found.update(new)
    return found


def room_of(name):
    """The folder below common or the daemon; "" for what stands beside main.c."""
    return "/".join(name.split("/")[1:-1])


def target_of(tree, name, included):
    """The file that is included, or None."""
    area = name.split("/")[0]
    return next((path for path in (f"{area}/{included}", f"common/{included}") if path in tree.files), None)


def is_internal(name):
    return name.endswith(("/internal.h", "_internal.h"))


def common_violation(tree, name, included):
    """Why a file of common may not include this, or None."""
    room = room_of(name)
    if room not in COMMON:
        return f"{name.rsplit('/', 1)[0]} is no room of common; rooms are {', '.join(COMMON)}"
    target = target_of(tree, name, included)
    if target is None or "/" not in included:
        return f'"{included}" is not a header of common'
    if room_of(target) not in within_reach(room):
        may = ", ".join(sorted(within_reach(room)))
        return f"common/{room} must not know common/{room_of(target)} ({included}); it may include {may}"
    return None


def daemon_violation(tree, name, included):
    if target_of(tree, name, included):
        return None
    for other in gate.DAEMONS:
        if f"{other}/{included}" in tree.files:
            return f"{name.split('/')[0]} includes {included} of {other}; it may include its own and those of common"
    return f'"{included}" is neither of {name.split("/")[0]} nor of common'


def violation(tree, name, included):
    if ".." in included:
        return ".. in an include"
    rule = common_violation if name.startswith("common/") else daemon_violation
    target = target_of(tree, name, included)
    if target and is_internal(target) and room_of(target) != room_of(name):
        return f"{included} is for its own room; {room_of(name) or name.split('/')[0]} uses a public header of it"
    if name.rpartition("/")[0] not in RESERVED.get(target, [name.rpartition("/")[0]]):
        return f"{included} is for {', '.join(RESERVED[target])}; others use http/server.h"
    return rule(tree, name, included)


def neighbours(tree, daemon):
    """{room: {another room of the daemon that it includes: (file, line)}}."""
    found = defaultdict(dict)
    for name in tree.daemon_sources():
        room = room_of(name)
        if not name.startswith(f"{daemon}/") or (room == "" and name.endswith(".c")):
            continue
        for included, line in includes(tree, name):
            target = target_of(tree, name, included)
            if target and target.startswith(f"{daemon}/") and room_of(target) != room:
                found[room].setdefault(room_of(target), (name, line))
    return found


def circle(graph, start):
    """The rooms on the way from start back to it, or None."""
    ways = [[start]]
    seen = set()
    while ways:
        way = ways.pop(0)
        for room in graph.get(way[-1], {}):
            if room == start:
                return [*way, start]
            if room not in seen:
                seen.add(room)
                ways.append([*way, room])
    return None


def circles(tree):
    for daemon in gate.DAEMONS:
        graph = neighbours(tree, daemon)
        told = set()
        for room in sorted(graph):
            way = circle(graph, room)
            if way and not told & set(way):
                told |= set(way)
                name, line = graph[way[0]][way[1]]
                yield f"{name}:{line}: rooms in a circle: {' -> '.join(one or daemon for one in way)}"


def modules(tree):
    """{folder: names of its modules}."""
    found = defaultdict(set)
    for name in tree.daemon_sources():
        folder, _, file = name.rpartition("/")
        found[folder].add(file.rsplit(".", 1)[0])
    return found


def crowded(tree):
    for folder, names in sorted(modules(tree).items()):
        if len(names) > MODULES_MOST:
            yield f"{folder}/:1: {len(names)} modules, {MODULES_MOST} are allowed: it holds several concepts"


def levels(graph):
    """Rooms by how far above the lowest they stand, lowest last."""
    height = {}

    def of(room):
        if room not in height:
            height[room] = 1 + max((of(lower) for lower in graph.get(room, {})), default=-1)
        return height[room]

    rooms = set(graph) | {lower for lowers in graph.values() for lower in lowers}
    for room in rooms:
        of(room)
    return [
        sorted(room for room in rooms if height[room] == level) for level in sorted(set(height.values()), reverse=True)
    ]


def plan(tree):
    """The rooms as lines of text: those of a line include some of those below it, and never one above."""
    folders = modules(tree)
    for area in gate.SOURCE_FOLDERS:
        rooms = {folder.partition("/")[2] for folder in folders if folder.split("/")[0] == area} - {""}
        graph = COMMON if area == "common" else neighbours(tree, area)
        lines = levels({room: [lower for lower in graph.get(room, {}) if lower] for room in rooms})
        yield f"{area}/"
        yield from ("    " + "   ".join(line) for line in lines)


def drawn(tree):
    """The plan stands in docs/architecture.md as it is."""
    if PAGE in tree.files and "\n".join(plan(tree)) not in tree.text(PAGE):
        yield f"{PAGE}:1: the plan of the rooms has changed: put there what check_layers.py --plan prints"


def check(tree):
    violations = []
    for name in tree.daemon_sources():
        for included, line in includes(tree, name):
            problem = violation(tree, name, included)
            if problem:
                violations.append(f"{name}:{line}: {problem}")
    return violations + list(circles(tree)) + list(crowded(tree)) + list(drawn(tree))


if __name__ == "__main__":
    if sys.argv[1:] == ["--plan"]:
        print("\n".join(plan(gate.Tree(Path(__file__).resolve().parents[2]))))
    else:
        gate.main(check)
