"""For plugin authors and our own tests: factories, in-memory ports, conformance suites."""
