"""Where random draws come from: ``rng``, everywhere a seed or a generator of NumPy's (SPEC 7 of Scientific Python).

There is no global random state: the same seed gives the same numbers.
"""

import numpy as np

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import whole

__all__ = ["generator_of", "seed_of"]


def generator_of(rng: object) -> np.random.Generator:
    """The generator that was given, or one that starts at the seed that was given.

    Raises:
        InvalidInput: It is neither.

    Examples:
        >>> generator_of(7).random() == np.random.default_rng(7).random()
        True
    """
    return rng if isinstance(rng, np.random.Generator) else np.random.default_rng(seed_of(rng))


def seed_of(rng: object) -> int:
    """The seed that was given, or one drawn from the generator that was given.

    Raises:
        InvalidInput: It is neither.

    Examples:
        >>> seed_of(7)
        7
        >>> seed_of("now")
        Traceback (most recent call last):
            ...
        upshot.core.errors.InvalidInput: rng is 'now'. Give a seed (a whole number of 0 or more) or a NumPy generator.
    """
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**53))
    try:
        return whole("rng", rng, least=0)
    except InvalidInput as refused:
        hint = "Give a seed (a whole number of 0 or more) or a NumPy generator."
        raise InvalidInput(refused.message, hint=hint) from None
