"""Schema migrations, run by `outreach.store.migrate`; part of the package."""
