"""Refuse circles of imports between modules, also inside a room, in functions and for types alone."""

import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

import grimp


def circles(imports: dict[str, set[str]]) -> Iterator[list[str]]:
    """Each circle as the modules that import one another in turn; the first stands at the end again.

    Args:
        imports: What each module imports.
    """
    left = {module: set(others) for module, others in imports.items()}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1][::-1]
            yield circle
            left[circle[0]].discard(circle[1])
        else:
            return


def main(package: str) -> int:
    """Print the circles of a package; the exit code says whether there are any."""
    graph = grimp.build_graph(package, exclude_type_checking_imports=False, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in sorted(graph.modules)}
    found = 0
    for circle in circles(imports):
        found += 1
        print(f"circle {found}:")
        for importer, imported in pairwise(circle):
            line = graph.get_import_details(importer=importer, imported=imported)[0]
            print(f"  {importer}:{line['line_number']}: {line['line_contents']}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "upshot"))
