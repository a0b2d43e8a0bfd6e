"""`python -m callcenter.cli`, where the script is not on the path."""

from callcenter.cli import main

main()
