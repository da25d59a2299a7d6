"""Prints "passed failed skipped" of a JUnit report, as ctest and pytest write them: tally.py FILE

Without one that can be read it says so and ends with 1.
"""

import sys
import xml.etree.ElementTree as ElementTree


def tally(path):
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).iter("testcase"):
        outcomes = {child.tag for child in case}
        if outcomes & {"failure", "error"}:
            failed += 1
        elif "skipped" in outcomes or case.get("status") in ("notrun", "disabled"):
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


if __name__ == "__main__":
    try:
        print(*tally(sys.argv[1]))
    except FileNotFoundError:
        sys.exit(f"it wrote no report ({sys.argv[1]})")
    except (OSError, ElementTree.ParseError) as error:
        sys.exit(f"its report cannot be read ({sys.argv[1]}: {error})")
