"""`python -m hakam.cli`: the command `hakam`, where no script of that name is on the path."""

from hakam.cli.main import main

if __name__ == "__main__":
    main()
