"""The record: ledger, statements of reasons, rule book, deadlines."""
