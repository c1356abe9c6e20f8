"""See `tests.bench.registry.table`."""

import sys

from tests.bench.registry.table import PARTS, main

if __name__ == "__main__":
    part, *sizes = sys.argv[1:] or ("",)
    main([part] if part else list(PARTS), [int(size) for size in sizes])
