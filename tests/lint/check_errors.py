#!/usr/bin/env python3
"""Gate: the errors of the API files against the code.

From each method's handler the gate follows the code, as far as names lead, and collects every reason and rule that is
given to an error on the way. What a method can answer stands in its list or follows from its access and parameters
(the table `derived` of common/api/errors.c); what stands there is in the code. Each rule of a parameter has its
sentence (common/rpc/field_message.c). Reasons of another daemon, passed on, are not seen here: the system tests hold
every answer that they get against the document (tests/lib/contract.py). The same way is followed for x-writes.
"""

import re

import api_files
import gate

REPAIR = "list in the method's errors what its handler answers, and nothing else (docs/errors.md)"
CATALOGUE, FIELD_RULES = "common/api/errors.c", "common/api/error_data.c"
SENTENCES = "common/rpc/field_message.c"
DERIVED = re.compile(r'\{ERROR_(\w+),\s*("(\w+)"|NULL),\s*(at_\w+)\}')
WORDS = re.compile(r'X\((\w+), -\d+, "(\w+)"\)')
IDENTIFIER = re.compile(r"\b[A-Za-z_]\w*")
VARIABLE = re.compile(r"^(static )?(?:const )?(?:struct )?[\w ]+?[ *](\w+)(?:\[\w*\])? =\s*\{", re.M)
ACTION = re.compile(r"\baccount_guard_network\(call, (ACCOUNT_\w+)\)")
MEMBER = re.compile(r'\\"(\w+)\\":')
TRANSACTION = re.compile(r"\bpg_begin\(")
# The gateway refuses what a caller has not enough left for.
BUCKETS, BUCKET = "gateway/limits/limits.c", re.compile(r'\[BUCKET_\w+\] = \{"(\w+)"')
ROW = re.compile(r'\{"\w+", ERROR_(\w+), ("(\w+)"|NULL)\}')

# Which argument of a function is the reason or rule of which error.
GIVEN = {
    "rpc_conflict": ("conflict", 1),
    "rpc_conflict_with": ("conflict", 1),
    "rpc_precondition": ("precondition_failed", 1),
    "rpc_invalid": ("invalid_params", 2),
    "rpc_too_large": ("too_large", 2),
    "fault": ("invalid_params", 2),
    "contradiction": ("invalid_params", 2),
    "refuse": ("unauthenticated", 1),
    "fail_lost": ("unavailable", 1),
    "fail_unreachable": ("unavailable", 2),
}
# The verdict on a period: its rules are an error where the function that makes it one is reached.
VERDICT, FORBIDS, VERDICT_REFUSE = "verdict", ("FORBID", "forbid"), "verdict_refuse"
VALUE = re.compile(r'\bwords_\w+\([^"]*"(\w+)"')
ACTIONS = ("passport/credentials/account_guard.c", "of_network")
# Those that give none.
PLAIN = {"rpc_forbidden": "forbidden", "rpc_not_found": "not_found"}
# Where the code asks whether the method is such a one: by a parameter, or by the lane that dispatch gave it.
ASKED = ("at_repeatable", "at_list", "at_lane")
# What a handler gives itself, since it takes such a parameter: one that does not has forgotten something.
OWED = ("at_version", "at_id")
# Functions that look for a right and answer something else when there is none.
HIDING = ("visible_booking", "rpc_has_right")
# Functions that return rules.
RETURNED = {"password_broken_rule": "invalid_params"}
# What is no answer to a call: letters, start, migrations, facts, a daemon's own HTTP.
ELSEWHERE = (
    "common/smtp/client.c",
    "common/postgres/migrate.c",
    "common/daemon/start.c",
    "images/upload/upload.c",
    "images/upload/inspect.c",
    "passport/letters/mail",
    "common/rpc/http_endpoint.c",
    "common/outbox/",
    "/erased_",
)


def without_comments(text):
    """Comments blanked, literals kept, lines where they were."""
    return gate._C_TOKEN.sub(
        lambda match: match.group(0) if match.group(0)[0] in "\"'" else re.sub(r"[^\n]", " ", match.group(0)), text
    )


def arguments(text, start):
    """The arguments of a call whose opening bracket is before `start`."""
    found, depth, begin, place = [], 1, start, start
    while place < len(text) and depth:
        if text[place] in "\"'":
            literal = gate._C_TOKEN.match(text, place)
            place = literal.end() if literal else place + 1
            continue
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if depth == 0 or (depth == 1 and text[place] == ","):
            found.append(text[begin:place].strip())
            begin = place + 1
        place += 1
    return found


def calls(text, name):
    for match in re.finditer(rf"\b{name}\(", text):
        yield arguments(text, match.end())


def literals(text):
    return re.findall(r'"([\w.]+)"', text)


class Code:
    """The functions and tables of common and one daemon, what each gives to errors, and what each refers to."""

    def __init__(self, tree, daemon, words):
        self.words, self.nodes = words, {}
        names = [name for name in tree.matching(".c", ".h", under=("common", daemon))]
        texts = {name: without_comments(tree.text(name)) for name in names}
        for function in tree.functions:
            if function.path in texts:
                lines = texts[function.path].splitlines()[function.first - 1 : function.last]
                self._add(function.path, function.name, "\n".join(lines), function.is_static)
        for name, text in texts.items():
            for match in VARIABLE.finditer(text):
                self._add(name, match.group(2), ",".join(arguments(text, match.end())), bool(match.group(1)))

    def _add(self, path, name, text, is_static):
        self.nodes.setdefault((path if is_static else None, name), (path, text))

    def find(self, path, name):
        for key in ((path, name), (None, name)):
            if key in self.nodes:
                return key
        return None

    def given(self, key):
        """What a node gives to errors: (word, reason or None, names of values); see settle for credentials."""
        path, text = self.nodes[key]
        if any(part in path for part in ELSEWHERE):
            return set()
        found = set(self._failures(text)) | set(self._throttles(key, text))
        for function, (word, index) in GIVEN.items():
            for given in calls(text, function):
                values = tuple(MEMBER.findall(given[2])) if function == "rpc_precondition" else ()
                found.update(
                    (word, reason, values) for argument in given[index : index + 1] for reason in literals(argument)
                )
        for given in (given for function in FORBIDS for given in calls(text, function)):
            values = tuple(name for argument in given[2:] for name in VALUE.findall(argument))
            found.update((VERDICT, rule, values) for rule in literals(given[1]))
        if key[1] in RETURNED:
            found.update((RETURNED[key[1]], rule, ()) for rule in literals(text))
        found.update((word, None, ()) for function, word in PLAIN.items() if re.search(rf"\b{function}\(", text))
        for given in calls(text, "credentials_wrong"):
            if given[1:] and given[1].startswith("CREDENTIAL_"):
                found.add(("credential", given[1], ()))
        return found

    def _failures(self, text):
        for given in calls(text, "context_fail"):
            if len(given) > 2 and given[1].startswith("ERROR_"):
                for reason in literals(given[2]) or [None]:
                    yield self.words[given[1][6:]], reason, ()

    def _throttles(self, key, text):
        """The rules of throttles; account_guard_network chooses one of a table by its second argument."""
        for action in ACTION.findall(text):
            rule = re.search(rf'\[{action}\] = \{{.name = "([\w.]+)"', self.nodes[ACTIONS][1])
            yield "rate_limited", rule.group(1), ()
        for given in calls(text, "throttle_enforce") if key[1] != "account_guard_network" else ():
            table = self.find(self.nodes[key][0], re.match(r"&?(\w*)", given[1]).group(1))
            for name in literals(self.nodes[table][1]) if table else ():
                if not name.endswith("_limit") and "_limit_" not in name:
                    yield "rate_limited", name, ()

    def refers(self, key):
        path, text = self.nodes[key]
        names = set(IDENTIFIER.findall(gate.blank_c(text))) - {key[1], "credentials_wrong"}
        if key[1] in HIDING:
            names.discard("rpc_require_right")
        return {found for found in (self.find(path, name) for name in names) if found}

    def nodes_from(self, name):
        """All functions and tables that a function leads to, itself too."""
        start = self.find(None, name)
        seen, todo = set(), [start] if start else []
        while todo:
            key = todo.pop()
            if key not in seen:
                seen.add(key)
                todo += self.refers(key) - seen
        return seen

    def reached(self, name):
        """All that is given to errors from a function on."""
        nodes = self.nodes_from(name)
        refuses = any(function == VERDICT_REFUSE for _, function in nodes)
        found = set().union(*map(self.given, nodes))
        verdicts = {("precondition_failed", *one[1:]) for one in found if one[0] == VERDICT and refuses}
        return {one for one in found if one[0] != VERDICT} | verdicts

    def writes(self, name):
        """Whether a function leads to a transaction."""
        return any(TRANSACTION.search(self.nodes[key][1]) for key in self.nodes_from(name))


def settle(found, is_public):
    """Credentials as they are answered: see passport/credentials/credentials.h."""
    credentials = {"CREDENTIAL_CODE": "wrong_code", "CREDENTIAL_PASSWORD": "wrong_password"}
    for word, reason, values in found:
        if word != "credential":
            yield word, reason, values
        elif is_public:
            yield "unauthenticated", "credentials", ()
        else:
            yield "forbidden", credentials[reason], ()


def handler_functions(tree, daemon):
    table = {}
    for name in tree.matching(".c", under=(daemon,)):
        for match in re.finditer(r'\{\s*(?:\.name\s*=\s*)?"([a-z_.]+)",\s*(\w+)\}', tree.text(name)):
            table.setdefault(match.group(1), match.group(2))
    return table


def applies(condition, method):
    access = method.get("x-access", [])
    params = [param.get("name") for param in method.get("params", [])]
    return {
        "at_any": True,
        "at_closed": "public" not in access,
        "at_fresh": "x-auth-max-age" in method,
        "at_company": any(word.startswith("company:") for word in access),
        "at_repeatable": "idempotency_key" in params,
        "at_list": "cursor" in params,
        "at_version": "version" in params,
        "at_id": "id" in params,
        "at_point": "x-lane" not in method,
        "at_lane": "x-lane" in method,
        "at_write": not method.get("x-idempotent", True) or method.get("x-writes", False),
    }[condition]


def listed(method):
    """What a file says: {(word, reason or rule or None): names of values}."""
    found = {}
    for error in method.get("errors", []):
        word = error.get("$ref", "").rpartition("/")[2]
        found.update({(word, reason): () for reason in error.get("x-reasons", [])})
        found.update({(word, rule): tuple(values) for rule, values in error.get("x-rules", {}).items()})
        if "x-reasons" not in error and "x-rules" not in error:
            found[(word, None)] = ()
    return found


def method_violations(place, method, code, handler, derived, keywords):
    if method.get("x-idempotent", True) and code.writes(handler) != method.get("x-writes", False):
        yield f"{place}: x-writes does not say whether {handler} begins a transaction, as what is x-idempotent must"
    own = listed(method)
    follows = {(word, reason) for word, reason, condition in derived if applies(condition, method)}
    asked = {(word, reason) for word, reason, condition in derived if condition in ASKED}
    reached = {}
    for word, reason, values in settle(code.reached(handler), "public" in method.get("x-access", [])):
        reached[(word, reason)] = reached.get((word, reason), ()) + values
    owed = {(word, reason) for word, reason, condition in derived if condition in OWED and applies(condition, method)}
    for word, reason in sorted(owed - reached.keys(), key=str):
        yield f"{place}: nothing that {handler} calls gives {word} {reason or ''}, as its parameters demand"
    for word, reason in own:
        if (word, reason) in follows:
            yield f"{place}: {word} {reason or ''} follows from its access and parameters: not to be written"
        elif reason and (word, reason) not in reached:
            yield f"{place}: nothing that {handler} calls gives {word} the reason or rule {reason}"
    for (word, reason), values in sorted(reached.items(), key=str):
        if word == "invalid_params" and reason in keywords:
            continue
        known = (word, reason) in own or (word, reason) in follows | asked
        if reason and not known:
            yield f"{place}: {word} {reason} is not listed, and {handler} can come to it"
        elif reason is None and word in PLAIN.values() and not known and word not in {one for one, _ in own}:
            yield f"{place}: {word} is not listed, and {handler} can come to it"
        elif word == "precondition_failed" and set(values) != set(own.get((word, reason), ())):
            yield f"{place}: the rule {reason} has the values {', '.join(sorted(set(values))) or 'none'} in the code"


def field_keywords(tree):
    """The rules that any schema may have: they stand in no list."""
    table = re.search(r"field_rules\[\] = \{(.*?)\};", tree.text(FIELD_RULES), re.S)
    return set(literals(table.group(1))) if table else set()


def daemon_violations(tree, daemon, words, derived):
    keywords = field_keywords(tree)
    code, handlers = Code(tree, daemon, words), handler_functions(tree, daemon)
    for name, method in api_files.read(tree, daemon).methods():
        handler = handlers.get(method.get("name"))
        if handler:
            yield from method_violations(f"{name}: {method['name']}", method, code, handler, derived, keywords)


def common_violations(tree, words, derived):
    """The derived errors against the code of common, and the rules against their sentences."""
    code = Code(tree, "common", words)
    given = {one[:2] for key in code.nodes for one in code.given(key)}
    for code_of_row, _, reason in ROW.findall(tree.text("common/postgres/result.c")):
        given.add((words[code_of_row], reason))
    given |= {
        ("rate_limited", bucket) for bucket in BUCKET.findall(tree.text(BUCKETS) if BUCKETS in tree.files else "")
    }
    for word, reason, _ in derived:
        if reason and (word, reason) not in given:
            yield f"{CATALOGUE}: nothing in common gives {word} the reason {reason}"
    sentences = set(re.findall(r'^\s*\{"([\w-]+)", "', tree.text(SENTENCES), re.M))
    for daemon in gate.DAEMONS:
        own = Code(tree, daemon, words)
        rules = {reason for key in own.nodes for word, reason, _ in own.given(key) if word == "invalid_params"}
        for rule in sorted(rules - sentences - {None, "type", "format", "additionalProperties"}):
            yield f"{SENTENCES}: the rule {rule} of {daemon} has no sentence"


def check(tree):
    if CATALOGUE not in tree.files:
        return []
    words = dict(WORDS.findall(tree.text("common/base/error.h")))
    derived = [
        (words[code], reason or None, condition) for code, _, reason, condition in DERIVED.findall(tree.text(CATALOGUE))
    ]
    found = list(common_violations(tree, words, derived))
    for daemon in gate.DAEMONS:
        found += daemon_violations(tree, daemon, words, derived)
    return found


if __name__ == "__main__":
    gate.main(check)
