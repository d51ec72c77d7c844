"""The scripts here run in environments of their own; none of them is a test."""

collect_ignore_glob = ["*.py"]
