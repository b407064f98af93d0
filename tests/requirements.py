#!/usr/bin/env python3
"""Refreshes the "proved by" column of tests/requirements.md.

    python3 tests/requirements.py            rewrites the column
    python3 tests/requirements.py --check    changes nothing; fails if it would

A test proves what its name says: `TEST(RingTest, N2GivesEveryReaderTheSameBytes)`,
`TEST(OfferTest, S18_R25_MutatedOffers...)`, `test('M1, M2: what either types ...')`,
`describe('P8: silence')`, `def test_X2_...`. The comment that a test file begins
with counts for the whole file, for ids that none of its tests names. Sentences
are the table's own and are kept.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests/requirements.md"
SOURCES = ("tests/**/*.cc", "tests/**/*.mjs", "tests/**/*.py", "web/src/**/*.test.ts", "web/test/walk.mjs", "web/test/walks/*.mjs")
SKIPPED = {"node_modules", "gen", "build"}

ID = r"[VTPLMXNSR]\d{1,2}"
ROW = re.compile(rf"^\| ({ID}) \| (.*?) \| ?(.*?) ?\|$")
GOOGLE = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", re.M)
SCRIPT = re.compile(r"""^\s*(?:(?:test|it|describe)(?:\.\w+)*\(\s*)?(['"`])((?:""" + ID + r"""(?:, ?)?)+: .*?)\1(?:,|:\s*async)""", re.M)
PYTHON = re.compile(r"^\s*def (test_\w+)\(", re.M)
ANY_TEST = re.compile(r"^\s*(?:test|it|describe)\(|^TEST|^\s*def test_", re.M)


def ids_of_name(name):
    """The ids that a GoogleTest name begins with: S18_R25_Mutated, N2Gives."""
    head = re.match(rf"(?:{ID}_?)+", name)
    return re.findall(ID, head.group()) if head else []


def tests_in(text):
    """(ids, name) of each test that names what it proves."""
    for suite, name in GOOGLE.findall(text):
        yield ids_of_name(name), f"{suite}.{name}"
    for _, title in SCRIPT.findall(text):
        yield re.findall(ID, title.split(":")[0]), title
    for name in PYTHON.findall(text):
        yield re.findall(rf"(?<=_){ID}(?=_|$)", name), name


def opening_comment(text):
    lines = []
    for line in text.splitlines():
        if line.startswith("#!"):
            continue
        if not line.startswith(("//", "#", " *", "/*")) or line.startswith("#include"):
            break
        lines.append(line)
    return "\n".join(lines)


def collect():
    """{id: {file: [test, ...]}}"""
    proofs = {}
    files = {f for pattern in SOURCES for f in ROOT.glob(pattern)}
    for file in sorted(files):
        name = file.relative_to(ROOT).as_posix()
        if file == Path(__file__).resolve() or SKIPPED & set(file.parts):
            continue
        text = file.read_text(errors="replace")
        named = set()
        for ids, test in tests_in(text):
            for one in ids:
                proofs.setdefault(one, {}).setdefault(name, []).append(test)
                named.add(one)
        if not (ANY_TEST.search(text) or named):
            continue
        for one in set(re.findall(rf"\b{ID}\b", opening_comment(text))) - named:
            proofs.setdefault(one, {}).setdefault(name, [])
    return proofs


def cell(files):
    parts = []
    for file, tests in sorted(files.items()):
        names = "; ".join(t.replace("|", "\\|").replace("<", "&lt;") for t in tests)
        parts.append(f"`{file}`: {names}" if names else f"`{file}`")
    return "<br>".join(parts)


def main():
    proofs = collect()
    old = TABLE.read_text()
    known, lines = [], []
    for line in old.splitlines():
        row = ROW.match(line)
        if row:
            known.append(row[1])
            line = f"| {row[1]} | {row[2]} | {cell(proofs.get(row[1], {}))} |".replace(" |  |", " | |")
        lines.append(line)
    new = "\n".join(lines) + "\n"
    for one in sorted(set(proofs) - set(known)):
        print(f"unknown id {one}: {', '.join(proofs[one])}", file=sys.stderr)
    proved = sum(one in proofs for one in known)
    print(f"{proved} of {len(known)} ids have a test")
    if "--check" in sys.argv[1:]:
        return 0 if new == old else "tests/requirements.md is out of date: python3 tests/requirements.py"
    if new != old:
        TABLE.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
