#!/usr/bin/env python3
"""Writes code_lists.c, the tables behind common/schema/code_list.h: code_lists.py ISO_CODES_FOLDER TZDATA_ZI OUTPUT

Everything comes from packages: ISO 4217, 3166-1, 639-3 and 15924 from iso-codes, zones from tzdata, and from ICU which
currencies are money. iso-codes does not say which currencies have minor units. Those without any ("N.A." in ISO 4217)
are the metals, the units of account, the test code and "no currency", and all have an X for a country, as have four
currencies that several countries share (XAF, XCD, XOF, XPF). ICU tells them apart: the four are common currencies, the
others are not.
"""

import ctypes
import ctypes.util
import json
import re
import string
import sys
from pathlib import Path

UCURR_COMMON, UCURR_NON_DEPRECATED = 1, 8  # ICU's unicode/ucurr.h
LETTERS = 26


def common_currencies():
    """The codes that ICU takes for common currencies of today."""
    names = [ctypes.util.find_library(name) for name in ("icuuc", "icui18n")]
    if not all(names):
        sys.exit("code_lists.py: ICU is not there (libicu-dev)")
    base, formatting = (ctypes.CDLL(name) for name in names)
    version = re.search(r"\.so\.(\d+)", names[0])[1]
    open_list = getattr(formatting, f"ucurr_openISOCurrencies_{version}")
    open_list.restype, open_list.argtypes = ctypes.c_void_p, (ctypes.c_uint32, ctypes.c_void_p)
    following = getattr(base, f"uenum_next_{version}")
    following.restype, following.argtypes = ctypes.c_char_p, (ctypes.c_void_p,) * 3
    error = ctypes.c_int(0)
    listed = open_list(UCURR_COMMON | UCURR_NON_DEPRECATED, ctypes.byref(error))
    codes = set()
    while error.value <= 0 and (code := following(listed, None, ctypes.byref(error))):
        codes.add(code.decode())
    return codes


def entries(folder, standard):
    return json.loads((folder / f"iso_{standard}.json").read_text())[standard]


def currencies(folder):
    common = common_currencies()
    codes = {entry["alpha_3"] for entry in entries(folder, "4217")}
    return {code for code in codes if not code.startswith("X") or code in common}


def languages(folder):
    """By BCP 47 the code of two letters where there is one. Scope S is what stands for no language, such as "und"."""
    known = [entry for entry in entries(folder, "639-3") if entry["scope"] != "S"]
    two = {entry["alpha_2"] for entry in known if "alpha_2" in entry}
    return two, {entry["alpha_3"] for entry in known if "alpha_2" not in entry}


def zones(path):
    """Zones (Z NAME ...) and links (L TARGET NAME) of zic's compact input. "Factory" says that none was set."""
    lines = [line.split() for line in path.read_text().splitlines()]
    names = {fields[1] for fields in lines if fields[0] == "Z"} | {fields[2] for fields in lines if fields[0] == "L"}
    return names - {"Factory"}


def letter_bits(name, codes):
    """A bit for each combination of letters; it is set when that is a code."""
    width = len(min(codes))
    table = bytearray((LETTERS**width + 7) // 8)
    for code in codes:
        place = 0
        for letter in code.upper():
            place = place * LETTERS + string.ascii_uppercase.index(letter)
        table[place // 8] |= 1 << place % 8
    rows = [", ".join(map(str, table[at : at + 24])) for at in range(0, len(table), 24)]
    return f"const unsigned char {name}[] = {{\n\t" + ",\n\t".join(rows) + "};\n"


def sorted_names(name, names):
    """The names in order, each ended by a zero, and where each begins."""
    ordered, starts, at = sorted(names), [], 0
    for text in ordered:
        starts.append(at)
        at += len(text) + 1
    texts = "\n\t".join(f'"{text}\\0"' for text in ordered)
    return (
        f"static const char {name}_text[] =\n\t{texts};\n"
        f"static const uint16_t {name}_starts[] = {{{', '.join(map(str, starts))}}};\n"
        f"const struct code_names {name} = {{{name}_text, {name}_starts, {len(ordered)}}};\n"
    )


def main():
    folder, tzdata, output = map(Path, sys.argv[1:])
    two, three = languages(folder)
    output.write_text(
        "/* Made by cmake/code_lists.py. */\n"
        '#include "schema/code_list_tables.h"\n'
        + letter_bits("code_list_currencies", currencies(folder))
        + letter_bits("code_list_countries", {entry["alpha_2"] for entry in entries(folder, "3166-1")})
        + letter_bits("code_list_languages_2", two)
        + letter_bits("code_list_languages_3", three)
        + sorted_names("code_list_scripts", {entry["alpha_4"] for entry in entries(folder, "15924")})
        + sorted_names("code_list_zones", zones(tzdata))
    )


if __name__ == "__main__":
    main()
