"""What else was handed in: the report, and the outputs that the notebook was stored with.

Everything here reads files that anybody may have made. It says where staff should look; nothing of
it ever takes a point away.
"""

from __future__ import annotations

from grader.handin.look import Look, look_at_hand_in

__all__ = ["Look", "look_at_hand_in"]
