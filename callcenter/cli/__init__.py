"""`sixring`: starts, ends, examines and backs up an instance."""

from __future__ import annotations


def main() -> None:
    from callcenter.cli.app import run

    run()
