"""`python -m cxmetrics` is the command `cxmetrics`."""

from cxmetrics.cli import main

if __name__ == "__main__":
    main()
