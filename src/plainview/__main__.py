"""`python -m plainview` is the `plainview` command."""

from plainview.cli import main

if __name__ == "__main__":
    main()
