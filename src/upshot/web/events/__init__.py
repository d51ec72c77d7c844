"""Events as they arrive, with their properties."""
