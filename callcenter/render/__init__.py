"""Site file and secrets in, Asterisk configuration out."""

from callcenter.render.configuration import AsteriskFiles, render

__all__ = ["AsteriskFiles", "render"]
