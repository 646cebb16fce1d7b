"""Data Docs that open without a network.

As shipped, each page loads some seventeen files from other servers and is without style where it cannot. The views
here are the library's own, with the templates of the folder ``templates`` before its own: the frame of a page, its
style and its few lines of script are ours and stand in the page.
"""

from great_expectations.render.view.view import DefaultJinjaIndexPageView, DefaultJinjaPageView
from jinja2 import ChoiceLoader, PackageLoader


def with_own_templates(view: DefaultJinjaPageView) -> None:
    """Looks for a template among ours first."""
    ours = PackageLoader("retention_ledger.expectations", "templates")
    view.env.loader = ChoiceLoader([ours, view.env.loader])


class OfflinePageView(DefaultJinjaPageView):
    """The page of a suite or of a validation."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)
        with_own_templates(self)


class OfflineIndexView(DefaultJinjaIndexPageView):
    """The first page."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)
        with_own_templates(self)
