"""Measuring classifiers: figures with intervals, functional tests, agreement of two judges. Values in, values out."""
