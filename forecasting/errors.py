"""Errors of the forecasting package."""

from schemas.errors import ArtefactRefused


class ModelRefused(ArtefactRefused):
    """The artefact is not a model of ours: truncated, altered, or of another version. Publish a new one."""
