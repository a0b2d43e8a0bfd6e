"""Households: the key of a room, tags with words, people who move out, labelled numbers, consents, merges."""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

from crm.households.rooms import room_key

revision = "0009_households"
down_revision = "0011_clocks"
branch_labels = None
depends_on = None

WORDS = (("elderly", "老人", "Elderly"), ("alone", "独居", "Living alone"), ("vip", "贵宾", "VIP"),
         ("nuisance", "骚扰", "Nuisance"), ("disabled", "残障", "Disabled"), ("pregnant", "孕妇", "Pregnant"),
         ("child", "幼儿", "Small child"), ("tension", "易激动", "Easily upset"))
_CHUNK = 5_000
_WORD = 20


def searched(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length=length).with_variant(VARCHAR(length, collation="C"), "postgresql")


def upgrade() -> None:
    _new_tables()
    with op.batch_alter_table("households") as table:
        table.add_column(sa.Column("estate_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("room_key", searched(60), nullable=True))
        table.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        table.add_column(sa.Column("merged_into", sa.Integer(), nullable=True))
    _fill()
    with op.batch_alter_table("households") as table:
        table.alter_column("estate_id", existing_type=sa.Integer(), nullable=False)
        table.alter_column("room_key", existing_type=searched(60), nullable=False)
        table.create_foreign_key(op.f("fk_households_estate_id_estates"), "estates", ["estate_id"], ["id"])
        table.create_foreign_key(op.f("fk_households_merged_into_households"), "households", ["merged_into"], ["id"])
    op.create_index(op.f("ix_households_room_key_id"), "households", ["room_key", "id"])
    op.create_index(op.f("ix_households_estate_id_room_key_id"), "households", ["estate_id", "room_key", "id"])
    merged = sa.text("merged_into IS NOT NULL")
    op.create_index("ix_households_merged_into", "households", ["merged_into"], sqlite_where=merged, postgresql_where=merged)
    with op.batch_alter_table("people") as table:
        table.alter_column("name", existing_type=sa.String(length=60), type_=searched(60))
        table.add_column(sa.Column("began_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("ended_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("no_call_since", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("no_call_reason", sa.String(length=200), nullable=True))
        table.drop_constraint("uq_people_household_id_name", type_="unique")
    here = sa.text("ended_at IS NULL")
    op.create_index("uq_people_household_id_name", "people", ["household_id", "name"], unique=True, sqlite_where=here,
                    postgresql_where=here)
    op.create_index(op.f("ix_people_household_id"), "people", ["household_id"])
    op.create_index(op.f("ix_people_name"), "people", ["name"])
    with op.batch_alter_table("phone_numbers") as table:
        table.add_column(sa.Column("label", sa.String(length=6), nullable=False, server_default="mobile"))
        table.add_column(sa.Column("place", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True))
        table.create_check_constraint(op.f("ck_phone_numbers_label"), "label IN ('mobile', 'home', 'work', 'other')")
    op.create_index(op.f("ix_callbacks_household_id"), "callbacks", ["household_id"])


def _new_tables() -> None:
    words = op.create_table(
        "tag_words",
        sa.Column("code", sa.String(length=21), nullable=False),
        sa.Column("zh", sa.String(length=20), nullable=False),
        sa.Column("en", sa.String(length=40), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_tag_words")),
        sa.UniqueConstraint("zh", name=op.f("uq_tag_words_zh")),
    )
    op.bulk_insert(words, [{"code": code, "zh": zh, "en": en, "retired": False} for code, zh, en in WORDS])
    op.create_table(
        "household_tags",
        sa.Column("tag", sa.String(length=21), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tag"], ["tag_words.code"], name=op.f("fk_household_tags_tag_tag_words")),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], ondelete="CASCADE",
                                name=op.f("fk_household_tags_household_id_households")),
        sa.PrimaryKeyConstraint("tag", "household_id", name=op.f("pk_household_tags")),
    )
    op.create_index(op.f("ix_household_tags_household_id"), "household_tags", ["household_id"])
    op.create_table(
        "consents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("how", sa.String(length=40), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.String(length=40), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_consents_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_person_id"), "consents", ["person_id"])
    op.create_table(
        "household_merges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("lost_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["kept_id"], ["households.id"], name=op.f("fk_household_merges_kept_id_households")),
        sa.ForeignKeyConstraint(["lost_id"], ["households.id"], name=op.f("fk_household_merges_lost_id_households")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_merges")),
    )
    op.create_index(op.f("ix_household_merges_kept_id"), "household_merges", ["kept_id"])
    op.create_index(op.f("ix_household_merges_lost_id"), "household_merges", ["lost_id"])
    op.create_table(
        "households_apart",
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["first_id"], ["households.id"], name=op.f("fk_households_apart_first_id_households")),
        sa.ForeignKeyConstraint(["second_id"], ["households.id"], name=op.f("fk_households_apart_second_id_households")),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_households_apart")),
    )


def _fill() -> None:
    """Of the households that are there: the estate, the key of the room, a row for each tag. In pieces: there may be a million."""
    connection = op.get_bind()
    connection.execute(sa.text("UPDATE households SET estate_id = (SELECT estate_id FROM buildings WHERE id = building_id)"))
    known, words = {code for code, _, _ in WORDS}, {zh for _, zh, _ in WORDS}
    last = 0
    while rows := connection.execute(sa.text(
            "SELECT h.id, b.name, h.unit, h.room, h.tags FROM households h JOIN buildings b ON b.id = h.building_id "
            "WHERE h.id > :last ORDER BY h.id LIMIT :chunk"), {"last": last, "chunk": _CHUNK}).all():
        last = rows[-1][0]
        connection.execute(sa.text("UPDATE households SET room_key = :key WHERE id = :id"),
                           [{"id": row[0], "key": room_key(*row[1:4])} for row in rows])
        tags = [(row[0], tag) for row in rows for tag in dict.fromkeys(json.loads(row[4]) if isinstance(row[4], str) else row[4])]
        for tag in sorted({tag for _, tag in tags} - known):    # the file that brought it knew no words
            zh = _free(tag, words)
            connection.execute(sa.text("INSERT INTO tag_words (code, zh, en, retired) VALUES (:tag, :zh, :tag, false)"),
                               {"tag": tag, "zh": zh})
            known.add(tag)
            words.add(zh)
        if tags:
            connection.execute(sa.text("INSERT INTO household_tags (tag, household_id) VALUES (:tag, :id)"),
                               [{"id": household_id, "tag": tag} for household_id, tag in tags])


def _free(tag: str, words: set[str]) -> str:
    """A tag had up to 21 characters, a word has 20, and no two tags bear the same."""
    word, number = tag[:_WORD], 1
    while word in words:
        number += 1
        word = f"{tag[:_WORD - len(str(number)) - 1]}~{number}"
    return word


def downgrade() -> None:
    op.drop_index(op.f("ix_callbacks_household_id"), "callbacks")
    with op.batch_alter_table("phone_numbers") as table:
        table.drop_constraint(op.f("ck_phone_numbers_label"), type_="check")
        for column in ("bounced_at", "place", "label"):
            table.drop_column(column)
    for name in ("ix_people_name", "ix_people_household_id", "uq_people_household_id_name"):
        op.drop_index(name, "people")
    with op.batch_alter_table("people") as table:
        for column in ("no_call_reason", "no_call_since", "ended_at", "ended_on", "began_on"):
            table.drop_column(column)
        table.alter_column("name", existing_type=searched(60), type_=sa.String(length=60))
        table.create_unique_constraint("uq_people_household_id_name", ["household_id", "name"])
    for name in ("households_apart", "household_merges", "consents", "household_tags", "tag_words"):
        op.drop_table(name)
    for name in ("merged_into", "estate_id_room_key_id", "room_key_id"):
        op.drop_index(op.f(f"ix_households_{name}"), "households")
    with op.batch_alter_table("households") as table:
        table.drop_constraint(op.f("fk_households_merged_into_households"), type_="foreignkey")
        table.drop_constraint(op.f("fk_households_estate_id_estates"), type_="foreignkey")
        for column in ("merged_into", "version", "room_key", "estate_id"):
            table.drop_column(column)
