"""`python -m featherfall.cli`."""

from featherfall.cli.main import main

main()
