# The four commands of this project. Each does its own set-up from a bare checkout.
.PHONY: help run test check reference lock clean

help:
	@echo "make run        install if needed, then start Hakam and the demo platform"
	@echo "make test       install what tests need, then run the suite on SQLite and on PostgreSQL"
	@echo "make check      lint, format, types, import contracts, documents"
	@echo "make reference  write the generated pages of docs/ again"
	@echo "make lock       choose new versions of all dependencies"
	@echo "make clean      remove .venv, caches and the demo's data"

run:
	@scripts/run

test:
	@scripts/test

check:
	@scripts/check

reference:
	@scripts/reference

lock:
	@scripts/lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache hakam-data test-results
