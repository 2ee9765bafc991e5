"""The rule language: syntax, check, compile, evaluate, explain, test. Values in, values out."""
