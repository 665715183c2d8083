#!/usr/bin/env python3
"""Holds targets and their directories to the arrows that CONTRIBUTING.md lists; `make lint` calls it.

An arrow leads from a directory to another one whose type a file of the first names, or to a target that it imports.
An arrow that the list lacks is an error, and so is a listed one that the code does not have, or a circle in the list.

The script reads text. It does not see functions and properties that an extension in another directory adds, operators,
or a type that is inferred and never named; two types of the same name are told apart by the imports alone.

Usage: layers.py [--list]     --list: print the arrows that the code has, in the form that CONTRIBUTING.md lists them
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DECLARATION = re.compile(
    r"^(?:@\w+(?:\([^)]*\))?\s+)*((?:(?:public|package|internal|private|fileprivate|final|indirect)\s+)*)"
    r"(?:struct|class|enum|protocol|actor|typealias)\s+(\w+)", re.M)
IMPORT = re.compile(r"^(?:@\w+\s+|package\s+|public\s+|internal\s+)*import\s+(\w+)", re.M)
NAME = re.compile(r"\b[A-Z]\w*\b")
INTERPOLATION = re.compile(r'\\\(([^"]*?)\)')


def code_of(text):
    """The text without comments and without the fixed parts of strings."""
    def interpolations(match):
        return " ".join(INTERPOLATION.findall(match.group(1)))

    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r'"""(.*?)"""', interpolations, text, flags=re.S)
    lines = []
    for line in text.split("\n"):
        line = re.sub(r'"((?:\\.|[^"\\])*)"', interpolations, line)
        lines.append(re.sub(r"//.*", "", line))
    return "\n".join(lines)


def read_sources():
    """Target -> directory, such as `QED/Check` -> [(path, code)]."""
    tree = collections.defaultdict(lambda: collections.defaultdict(list))
    for path in sorted((ROOT / "Sources").rglob("*.swift")):
        directory = path.parent.relative_to(ROOT / "Sources").as_posix()
        tree[directory.split("/")[0]][directory].append((path.relative_to(ROOT), code_of(path.read_text())))
    return tree


def declared_types(tree):
    """Target -> type -> its directory. Types that a file keeps to itself are left out."""
    declared = collections.defaultdict(dict)
    for target, directories in tree.items():
        for directory, files in directories.items():
            for _, code in files:
                for modifiers, name in DECLARATION.findall(code):
                    if "private" not in modifiers:
                        declared[target].setdefault(name, directory)
    return declared


def arrows_of(tree):
    """From -> to -> an example. Within a target both are directories, between targets both are targets."""
    declared = declared_types(tree)
    arrows = collections.defaultdict(dict)
    for target, directories in tree.items():
        for directory, files in directories.items():
            for path, code in files:
                own = {name for _, name in DECLARATION.findall(code)}
                for name in sorted(set(NAME.findall(code)) - own):
                    place = declared[target].get(name)
                    if place is not None and place != directory:
                        arrows[directory].setdefault(place, f"{path} names {name}")
                for other in IMPORT.findall(code):
                    if other in tree and other != target:
                        arrows[target].setdefault(other, f"{path} imports it")
    return arrows


def listed_arrows():
    """From -> the set of those it may refer to, from the block `arrows` of CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    block = re.search(r"^```arrows\n(.*?)^```", text, re.M | re.S)
    if block is None:
        sys.exit("layers.py: CONTRIBUTING.md has no block `arrows`")
    listed = {}
    for line in block.group(1).splitlines():
        source, _, targets = line.partition("->")
        listed[source.strip()] = set(targets.split())
    return listed


def circle_in(listed):
    """A circle of arrows as a list, or None."""
    state = {}

    def visit(node, path):
        if state.get(node) == "done":
            return None
        if node in path:
            return path[path.index(node):] + [node]
        for other in sorted(listed.get(node, ())):
            found = visit(other, path + [node])
            if found:
                return found
        state[node] = "done"
        return None

    return next((found for node in sorted(listed) if (found := visit(node, []))), None)


def main():
    arrows = arrows_of(read_sources())
    if "--list" in sys.argv[1:]:
        for source in sorted(arrows):
            print(source, "->", *sorted(arrows[source]))
        return 0
    listed = listed_arrows()
    faults = []
    for source, targets in sorted(arrows.items()):
        for target, example in sorted(targets.items()):
            if target not in listed.get(source, ()):
                faults.append(f"{source} must not refer to {target}: {example}")
    for source, targets in sorted(listed.items()):
        for target in sorted(targets - set(arrows.get(source, ()))):
            faults.append(f"CONTRIBUTING.md lists {source} -> {target}, which the code does not have")
    circle = circle_in(listed)
    if circle:
        faults.append("the arrows form a circle: " + " -> ".join(circle))
    for fault in faults:
        print(f"layers.py: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
