"""Users, sign-in, throttle."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from callcenter.errors import Conflict
from callcenter.roles import Role
from crm.database import Database
from crm.staff import service as staff
from crm.staff.models import User
from crm.staff.schemas import Refused, UserShown

HERE = "127.0.0.1"


@pytest.fixture
def anna(database: Database, now: datetime) -> UserShown:
    with database.writing.begin() as session:
        return staff.add_user(session, "anna", [Role.AGENT, Role.LEADER], "correct horse", now)


def try_in(
    database: Database, now: datetime, password: str, name: str = "anna", address: str = HERE
) -> UserShown | Refused:
    with database.reading() as session:
        compared = staff.compare(session, name, password, address, now)
    if isinstance(compared, Refused):
        return compared
    with database.writing.begin() as session:
        return staff.authenticate(session, name, compared, address, now)


@pytest.mark.rule("K1", part="roles of a user")
def test_the_right_password_signs_in_with_the_users_roles(database: Database, anna: UserShown, now: datetime) -> None:
    assert try_in(database, now, "correct horse") == anna
    assert anna.roles == {Role.AGENT, Role.LEADER}


def test_the_password_is_stored_as_an_argon2_hash_only(database: Database, anna: UserShown) -> None:
    with database.reading() as session:
        user = session.get_one(User, anna.user_id)
        assert user.password_hash.startswith("$argon2id$")


def test_a_wrong_password_and_an_unknown_name_are_refused_alike(
    database: Database, anna: UserShown, now: datetime
) -> None:
    assert try_in(database, now, "wrong") == Refused()
    assert try_in(database, now, "correct horse", name="nobody") == Refused()


def test_after_five_failures_even_the_right_password_waits_a_quarter_of_an_hour(
    database: Database, anna: UserShown, now: datetime
) -> None:
    for _ in range(staff.TRIES_PER_NAME):
        try_in(database, now, "wrong")
    assert try_in(database, now, "correct horse") == Refused(now + staff.TRIES_WINDOW)
    assert try_in(database, now + staff.TRIES_WINDOW, "correct horse") == anna


def test_an_address_that_tries_many_names_is_throttled(database: Database, anna: UserShown, now: datetime) -> None:
    for count in range(staff.TRIES_PER_ADDRESS):
        try_in(database, now, "wrong", name=f"name{count}")
    assert isinstance(try_in(database, now, "correct horse"), Refused)
    assert try_in(database, now, "correct horse", address="127.0.0.2") == anna


def test_a_sign_in_holds_until_it_expires_is_revoked_or_its_user_disabled(
    database: Database, anna: UserShown, now: datetime
) -> None:
    with database.writing.begin() as session:
        tokens = [staff.sign_in(session, anna.user_id, now, seat="1001") for _ in range(2)]
    with database.writing.begin() as session:
        found = staff.signed_in(session, tokens[0], now)
        assert found
        assert (found.user, found.seat) == (anna, "1001")
        staff.take_seat(session, found.sign_in_id, "1002")
        staff.sign_out(session, tokens[1], now)
    with database.writing.begin() as session:
        moved = staff.signed_in(session, tokens[0], now)
        assert moved
        assert moved.seat == "1002"
        assert staff.signed_in(session, tokens[1], now) is None
        assert staff.signed_in(session, tokens[0], now + timedelta(hours=12)) is None
        assert staff.signed_in(session, "forged", now) is None
        staff.disable_user(session, "anna", now)
    with database.reading() as session:
        assert staff.signed_in(session, tokens[0], now) is None
    assert try_in(database, now, "correct horse") == Refused()


def test_a_new_password_ends_every_sign_in(database: Database, anna: UserShown, now: datetime) -> None:
    with database.writing.begin() as session:
        token = staff.sign_in(session, anna.user_id, now)
        staff.set_password(session, "anna", "another horse", now)
    with database.reading() as session:
        assert staff.signed_in(session, token, now) is None
    assert try_in(database, now, "another horse") == anna


def test_a_name_is_given_once_and_a_password_has_a_least_length(
    database: Database, anna: UserShown, now: datetime
) -> None:
    with database.writing.begin() as session:
        with pytest.raises(Conflict):
            staff.add_user(session, "anna", [Role.AGENT], "correct horse", now)
        with pytest.raises(staff.WeakPassword):
            staff.add_user(session, "ben", [Role.AGENT], "short", now)
