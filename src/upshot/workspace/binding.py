"""An operation bound to what carries it out; the types of both are checked against each other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

from upshot.api.operation import Operation, Principal, Request, Response
from upshot.workspace.resources import Resources

__all__ = ["Binding"]


@dataclass(frozen=True, slots=True)
class Binding(Generic[Request, Response]):
    """An operation and its handler.

    Attributes:
        operation: What is asked.
        handle: Answers it for a principal who was let through.
    """

    operation: Operation[Request, Response]
    handle: Callable[[Resources, Principal, Request], Response]
