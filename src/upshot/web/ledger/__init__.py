"""The ledger: what each shipped thing cost, was expected to do, did, and was worth."""
