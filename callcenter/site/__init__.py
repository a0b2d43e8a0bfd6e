"""The site file: one commented YAML file that says everything about a site."""

from callcenter.site.load import load_site
from callcenter.site.schema import Site

__all__ = ["Site", "load_site"]
