"""Names that follow from others."""


def changelog_topic(app_id: str, source: str) -> str:
    """The name of the changelog of a table that folds a log."""
    return f"{app_id}-{source}-changelog"
