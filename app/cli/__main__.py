"""`python -m app.cli` is the installed `understory` command."""

from app.cli.main import main

main()
