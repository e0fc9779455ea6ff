"""What else was submitted: the report, and the outputs that the notebook was stored with.

Everything here reads files that anybody may have made. It says where staff should look; nothing of
it ever takes a point away.
"""
