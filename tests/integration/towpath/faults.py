"""The tables of codes (base/fault.c, base/codes.c) as a test reads them, and
which test provokes which code."""

import re

from .util import ROOT

TESTS = ROOT / "tests" / "integration"


def _texts(row):
    """The C strings of a row, joined where they were broken."""
    joined = re.sub(r'"\s+"', "", row)
    return [text.replace(r'\"', '"').replace(r"\\", "\\")
            for text in re.findall(r'"((?:[^"\\]|\\.)*)"', joined)]


def table():
    """{"D12": {"title", "cause", "action"}} of every fault."""
    source = (ROOT / "base" / "fault.c").read_text()
    rows = re.findall(r"\[FAULT_([A-Z]\d+)_\w+\] = \{(.*?)\},\n", source,
                      re.S)
    found = {code: _texts(row) for code, row in rows}
    return {code: dict(zip(("title", "cause", "action"), texts[1:]))
            for code, texts in found.items() if texts[0] == code}


def declared():
    """The codes that base/fault.h names."""
    header = (ROOT / "base" / "fault.h").read_text()
    return re.findall(r"^\tFAULT_([A-Z]\d+)_\w+,", header, re.M)


def router_table():
    """The names of the codes of router lines."""
    source = (ROOT / "base" / "codes.c").read_text()
    return re.findall(r'^\s*\[CODE_\w+\] = \{"(\w+)"', source, re.M)


def tested():
    """{"D12": "test_faults_dns.py"}: codes in the names of tests, as in
    test_D12_a_name_that_points_elsewhere or test_C10_C11_what_is_missing."""
    found = {}
    for path in sorted(TESTS.glob("test_*.py")):
        for codes in re.findall(r"^    def test_((?:[NCDASP]\d\d_)+)",
                                path.read_text(), re.M):
            for code in codes.split("_")[:-1]:
                found.setdefault(code, path.name)
    return found
