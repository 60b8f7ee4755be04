"""`python -m infrastructure.cli` is `watchledger`."""

from infrastructure.cli import main

main()
