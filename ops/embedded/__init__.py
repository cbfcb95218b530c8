"""The embedded installation as one process: composition, the writer's loop, the web server in front of it."""
