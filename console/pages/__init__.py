"""One module a page; each adds its routes with ``mount``."""
