"""Papers that people keep, send and file: said as values, set as PDF in every language that we speak."""
