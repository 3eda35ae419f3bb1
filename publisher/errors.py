"""What can go wrong, told so that an operator knows the next step.

Every error that is somebody's to mend derives from `PublisherError`; its text is
one clear sentence. Only the edges (command line and web) turn them into exit
codes and pages.
"""


class PublisherError(Exception):
    """Something an operator or editor can mend; the text says how."""

    exit_code = 1


class ConfigError(PublisherError):
    """publication.toml or the environment holds something we cannot use."""

    exit_code = 2


class ContentError(PublisherError):
    """An article or an issue file cannot be read as written."""

    exit_code = 2


class CollectError(PublisherError):
    """A source could not be read; other sources go on."""


class EmptyIssue(PublisherError):
    """The week has no articles."""

    exit_code = 3

    def __init__(self, week: object) -> None:
        super().__init__(
            f"no articles for {week}: run `publisher collect --week {week}`,"
            " or put Markdown files into its articles/ folder"
        )


class RenderError(PublisherError):
    """An edition cannot be made from this issue."""


class StorageError(PublisherError):
    """The database cannot be reached or is not ours."""


class AudienceError(PublisherError):
    """A subscriber, list or import file cannot be used as given."""


class MailboxError(PublisherError):
    """The mailbox of bounces cannot be read; what is in it stays there."""


class DeliveryError(PublisherError):
    """The mailing cannot go on; nothing was sent twice."""

    exit_code = 4


class NotApproved(DeliveryError):
    """The issue waits for an editor's word."""

    def __init__(self, week: object, state: str) -> None:
        super().__init__(
            f"issue {week} is {state}, not approved:"
            f" look at it with `publisher preview --week {week}`,"
            f" then run `publisher approve --week {week}`"
        )
