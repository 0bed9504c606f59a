"""`python -m gradparity.harness` is the command `gradparity`."""

from .cli import main

main()
