#!/usr/bin/env python3
"""Gate: shell scripts are bash under `set -euo pipefail` and clean for shellcheck."""

import subprocess

import gate

REPAIR = "begin a script as tests/run does; `shellcheck --help` and the code after each finding say the rest"
# SC2317: it cannot see functions that are called by a composed name.
NOT_ASKED = "SC2317"


def check(tree):
    names = tree.chosen(tree.shell_files())
    violations = []
    for name in names:
        text = tree.text(name)
        sourced = not text.startswith("#!")
        if not sourced and not text.startswith("#!/bin/bash\n"):
            violations.append(f"{name}:1: begins with #!/bin/bash")
        if not sourced and "\nset -euo pipefail\n" not in text:
            violations.append(f"{name}:1: has no `set -euo pipefail`")
    if names:
        command = [
            "shellcheck",
            "--shell=bash",
            "--external-sources",
            f"--exclude={NOT_ASKED}",
            "--source-path=SCRIPTDIR",
            "--format=gcc",
            *names,
        ]
        result = subprocess.run(command, cwd=tree.root, capture_output=True, text=True)
        violations += result.stdout.splitlines() + result.stderr.splitlines()
    return violations


if __name__ == "__main__":
    gate.main(check)
