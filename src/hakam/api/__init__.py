"""The control interface for machines, described by OpenAPI."""
