"""The harmonised transparency reports of Implementing Regulation (EU) 2024/2835, from the ledger alone."""
