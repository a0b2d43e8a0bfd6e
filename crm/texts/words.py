"""What a text says, by purpose. Nobody's name, number or address: a text is read over shoulders."""

from __future__ import annotations

from typing import Final

from crm.notices.words import Language

THANKS: Final = "thanks"
SAYS: Final[dict[tuple[Language, str], str]] = {
    ("zh", THANKS): "感谢您对{company}服务的评价，您的满意是我们的动力。如需帮助，请随时致电服务热线。",
    ("en", THANKS): "Thank you for rating the service of {company}. We are glad to hear it. Our hotline is there for you.",
}
