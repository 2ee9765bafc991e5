"""The yearly report of a large platform: counted from the ledger, reckoned again in SQL, held to the template."""
