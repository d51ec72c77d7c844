"""What customers are worth: how often they will buy, how long they stay, how much they spend. Arrays in, results out.

What people use is reached from here (``from upshot.lifetime import Transactions, fit_bgnbd``) and loaded when it is
first asked for. The modules may be imported directly as well.
"""

from typing import TYPE_CHECKING

from upshot.core.lazy_names import homes_of, loader

if TYPE_CHECKING:
    from upshot.lifetime.beta_geometric import BetaGeometric, fit_beta_geometric
    from upshot.lifetime.bgnbd import BgNbd, fit_bgnbd
    from upshot.lifetime.gamma_gamma import GammaGamma, fit_gamma_gamma
    from upshot.lifetime.holdout import HoldOut, hold_out
    from upshot.lifetime.observed import ObservedValue, observed_value
    from upshot.lifetime.refusal import Refusal, RefusalCode
    from upshot.lifetime.transactions import Customers, Transactions
    from upshot.lifetime.value import Horizon, LifetimeValue, future_value

__all__ = [
    "BetaGeometric",
    "BgNbd",
    "Customers",
    "GammaGamma",
    "HoldOut",
    "Horizon",
    "LifetimeValue",
    "ObservedValue",
    "Refusal",
    "RefusalCode",
    "Transactions",
    "fit_beta_geometric",
    "fit_bgnbd",
    "fit_gamma_gamma",
    "future_value",
    "hold_out",
    "observed_value",
]

_NAMES = {
    "beta_geometric": "BetaGeometric fit_beta_geometric",
    "bgnbd": "BgNbd fit_bgnbd",
    "gamma_gamma": "GammaGamma fit_gamma_gamma",
    "holdout": "HoldOut hold_out",
    "observed": "ObservedValue observed_value",
    "refusal": "Refusal RefusalCode",
    "transactions": "Customers Transactions",
    "value": "Horizon LifetimeValue future_value",
}
_HOMES = homes_of(_NAMES)


if not TYPE_CHECKING:  # a type checker must still refuse a name that does not exist
    __getattr__ = loader(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
