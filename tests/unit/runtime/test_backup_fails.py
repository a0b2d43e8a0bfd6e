"""A backup that fails in the middle: it is tried every hour, on a disk that may be full."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from callcenter.runtime.backup import back_up
from callcenter.settings import new_settings


@pytest.mark.rule("C8", part="one that fails leaves nothing behind")
def test_a_backup_that_fails_in_the_middle_leaves_nothing_of_itself(tmp_path: Path) -> None:
    settings = new_settings(tmp_path, offset=0, site_file=tmp_path / "site.yaml")
    sqlite3.connect(tmp_path / "sixring.db").close()
    settings.secrets_file.write_text("{}")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(FileNotFoundError):
        back_up(settings, tmp_path / "today.tar.gz.new", recordings=False)      # the site file is not there
    assert sorted(tmp_path.iterdir()) == before
    settings.site_file.write_text("version: 1\n")
    back_up(settings, tmp_path / "today.tar.gz", recordings=False)
    assert (tmp_path / "today.tar.gz").stat().st_size > 0
