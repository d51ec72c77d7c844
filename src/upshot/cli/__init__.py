"""The command line: parse, call an operation, print. What is heavy is imported inside the commands."""

from upshot.cli.app import app, main

__all__ = ["app", "main"]
