"""Messages become their calls' sound (crm/calls/messages.py): those that were left before are looked at once more. And what was
cancelled lately, which is asked every other second, is found by an index."""

from alembic import op

revision = "0030_messages"
down_revision = "0029_measured_again"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # One that is sealed already keeps the talk alone; its message stays where Asterisk wrote it.
    op.execute("UPDATE calls SET recording_state = NULL WHERE voicemail IS NOT NULL AND recording_state IN ('none', 'kept')")
    op.create_index("ix_callbacks_state_since", "callbacks", ["state", "since"])


def downgrade() -> None:
    """The files that were joined stay what they are."""
    op.drop_index("ix_callbacks_state_since", table_name="callbacks")
