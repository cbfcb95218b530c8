"""The embedded server with business time standing still, as the demo serves it: ``python -m tests.deploy.standing``."""

from ops.embedded.installation import opened
from ops.embedded.server import EmbeddedServer
from ops.embedded.writer import standing_still
from schemas.settings import load_settings
from streams.embedded.lock import hold

NAME = "tests.deploy.standing"


def main() -> None:
    """Serve until SIGTERM."""
    settings = load_settings()
    with hold(settings.data_dir, NAME) as lock, opened(settings) as installation:
        server = EmbeddedServer(installation, settings.console_host, settings.console_port, standing_still)
        server.run(lock, NAME)


if __name__ == "__main__":
    main()
