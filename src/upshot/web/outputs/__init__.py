"""One output: what it should do, how it could be launched so that this can be measured, and what came of it."""
