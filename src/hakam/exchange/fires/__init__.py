"""Recommendations about domains and accounts in the shape of FIRES, the protocol of FediMod for the fediverse."""
