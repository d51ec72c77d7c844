"""The process that serves a workspace: how it listens, and what it does without being asked."""
