"""Whom to call, why now, and never wrongly: pure decisions first, then the desk that serves people."""
