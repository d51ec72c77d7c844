"""Where events and facts live: one file or folder per engine, behind the protocol of ``engines.store``."""
