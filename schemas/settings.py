"""Every setting of an installation: from the environment (``RINGAHEAD_*``) or a file named by RINGAHEAD_ENV_FILE.

Nothing else reads the environment. docs/configuration.md lists the same table; a test compares them.
"""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "RINGAHEAD_"


class Settings(BaseSettings):
    """One model for both runtimes; the defaults are the embedded one, on this machine alone."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, use_attribute_docstrings=True)

    runtime: Literal["embedded", "kafka"] = "embedded"
    """Embedded: one process and one SQLite file. Kafka: Faust workers, PostgreSQL, any number of processes."""
    data_dir: Path = Path("var")
    """Folder of the SQLite file, the lock and a worker's local state."""
    database_url: SecretStr | None = None
    """SQLAlchemy URL, e.g. postgresql+psycopg://user:password@host/ringahead; none: SQLite in data_dir."""

    kafka_bootstrap: str = "127.0.0.1:9092"
    """Comma-separated host:port of the brokers."""
    kafka_partitions: int = Field(default=4, ge=1, le=1000)
    """Partitions of every topic that is keyed by account. Cannot be changed later without a rebuild."""
    kafka_replication: int = Field(default=1, ge=1, le=7)
    """Copies of each partition; 3 where there are 3 brokers, with min.insync.replicas 2."""
    kafka_session_timeout_seconds: float = Field(default=30, ge=6)
    """After this silence a worker's partitions go to another one."""
    kafka_heartbeat_seconds: float = Field(default=5, ge=1)
    """Time between two heartbeats of a worker; under a third of the session timeout."""
    kafka_rebalance_timeout_seconds: float = Field(default=30, ge=5)
    """How long a rebalance waits for a worker."""
    batch_records: int = Field(default=500, ge=1, le=10_000)
    """Records of one partition that are folded and made durable together."""
    upgrade_from: int | None = None
    """State layout that workers of the release before read, while any of them still run; none: the newest."""
    worker_name: str = "worker-1"
    """Names the worker's own folder of local state; different for each worker on a machine."""
    worker_host: str = "127.0.0.1"
    """Address on which a worker answers /livez and /readyz; there is no login."""
    worker_port: int = Field(default=0, ge=0, le=65535)
    """Port for them; 0: none. Different for each worker on a machine."""
    worker_stall_seconds: float = Field(default=300, ge=30)
    """A worker with work that does nothing for so long ends with exit code 1, to be started again."""

    log_format: Literal["text", "json"] = "text"
    """Of the long-running processes, on stderr; json: one object a line."""
    traces_endpoint: str = ""
    """OTLP over HTTP, as http://collector:4318/v1/traces; none: no traces. Needs the extra ringahead[tracing]."""
    traces_share: float = Field(default=0.01, ge=0, le=1)
    """Share of events for which a trace begins here; a sender's own trace is followed as its flag says."""
    worker_urls: str = ""
    """Comma-separated http://host:port of the workers' pages, for the console's page Operations."""

    reporting_currency: str = Field(default="GBP", pattern="^[A-Z]{3}$")
    """All money is shown in this currency; amounts in others are converted by the rate of the day."""
    default_zone: str | None = None
    """IANA time zone in which days are counted where an account's own is unknown (UTC if unset).

    Never used to allow a call.
    """
    holdout_salt: str = "ringahead"
    """Draws the quarterly hold-out; changing it draws anew."""
    max_event_bytes: int = Field(default=1_000_000, ge=1_000, le=3_000_000)
    """A larger message is a dead letter."""

    console_host: str = "127.0.0.1"
    """Address the console listens on."""
    console_port: int = Field(default=8080, ge=0, le=65535)
    """Port the console listens on; 0 takes a free one."""
    console_secure_cookies: bool = False
    """Cookies only over HTTPS; set it wherever the console is reached through TLS."""
    session_hours: int = Field(default=12, ge=1, le=168)
    """A login ends after this."""
    console_url: str = ""
    """Address under which people reach the console, for links that leave it; none: this machine's own."""
    link_secret: SecretStr = SecretStr("")
    """Signs links to accounts' own pages, at least 32 random characters; none: there are no such pages."""
    local_logins: bool = True
    """Passwords and one-time links; false: everybody signs in with the OpenID Connect issuer."""
    oidc_issuer: str = ""
    """OpenID Connect issuer, as it names itself; none: no such sign-in. Needs console_url and a client."""
    oidc_client_id: str = ""
    """Our name at the issuer."""
    oidc_client_secret: SecretStr = SecretStr("")
    """Our secret there; none for a public client, which PKCE protects."""
    oidc_audience: str = ""
    """Audience of tokens that programs bring to the API; none: the client's name."""
    oidc_roles_claim: str = "roles"
    """Claim with the roles of somebody; dots go deeper, as in realm_access.roles."""
    oidc_roles: dict[str, str] = {}
    """JSON, our role by theirs, the first that somebody has counts; none: they go by our names."""

    stale_input_seconds: int = Field(default=3600, ge=60)
    """Input lag over this stops new selling tasks, with the reason forecast_stale."""
    stale_model_days: int = Field(default=7, ge=1)
    """A model older than this, in business time, stops new selling tasks."""
    outbox_days: int = Field(default=90, ge=0, le=36_500)
    """Days for which messages that have left are kept in the database; 0: all."""
    audit_days: int = Field(default=0, ge=0, le=36_500)
    """Days for which the history of decisions and acts is kept; 0: all of it."""
    account_log_days: int = Field(default=1095, ge=0, le=36_500)
    """Kafka runtime: days for which `ringahead archive` keeps what it copied of the log, by record time; 0: all."""
    rules_file: Path | None = None
    """The site's own calling rules (TOML), on top of the standard ones: `ringahead rules` lists all."""
    trade_country: str | None = None
    """Whose public holidays the trade may be closed on, e.g. GB or DE-BY; past orders say by how much."""
    temperatures_file: Path | None = None
    """Daily mean temperatures (day, celsius, region) for products that follow degree days; read when learning."""
    calls_per_agent_hour: int = Field(default=12, ge=1, le=200)
    """How many calls an agent makes in an hour. What all agents cannot call waits with the reason capacity."""
    registers_required: bool = True
    """Ask the official do-not-call registers of the called party's place; without a fresh copy nobody is sold to."""
    kill_switch: bool = False
    """Stops every new call task at once, with the reason kill_switch."""

    @property
    def sqlite_path(self) -> Path:
        """Where the embedded runtime keeps everything."""
        return self.data_dir / "ringahead.sqlite3"

    @property
    def sqlalchemy_url(self) -> str:
        """The database that is meant."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.sqlite_path}"


def load_settings() -> Settings:
    """Settings of this process's environment."""
    env_file = os.environ.get(PREFIX + "ENV_FILE")
    return Settings(_env_file=env_file)
