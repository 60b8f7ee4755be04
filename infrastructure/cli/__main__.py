"""`python -m infrastructure.cli` is `watchledger`."""

from infrastructure.cli.main import main

main()
