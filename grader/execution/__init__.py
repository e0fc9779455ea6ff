"""Running a student's notebook and noting what happened. Theory of operation.

`execute(plan, job) -> Evidence` is the stage; everything below serves it.

* `workspace` lays out one folder per run: the student's files and the bundle's files in `work/`
  (the kernel's current folder and home), the kernel-side package `_pset4/` beside it, the sockets
  in a short path of their own. Nothing of `grader/`, `reference/` or the expected values is in it.
* `course_files` answers, on loopback, the URLs that the assignment lists, from the bundle. The
  kernel's environment names it as the proxy, so `requests`, `urllib`, `wget`, `curl` and torch
  hub all find it, over http and https; any other URL is refused at once and named to staff.
* `session` starts ipykernel over ZMQ ipc and drives it with nbclient, one cell at a time, each
  under a hard deadline: interrupt, grace, kill. Stored outputs, tags and the kernel that the
  notebook's metadata asks for are dropped before. The notebook as handed in is never written to.
* The first request imports `_pset4.start`: seeds, declared shims, recorders. From then on the
  kernel sends evidence as display messages of our own MIME type, with this run's nonce, plain JSON
  facts and raw array bytes in the message's buffers. `collector` checks and stores them as `.npy`
  files; nothing of them reaches the cell's outputs.
* Probes are asked between cells, right behind the cell that last binds the names they need, because
  notebooks rebind their globals.

Trust. Everything that the kernel says is a claim: student code shares its process. A reply is only
raw numbers for inputs drawn on the host from a fresh seed; checks recompute on the host whatever is
worth points, from images and trusted weights, in a process where no student code ever ran. What
stays possible is to hand in an image or an array that was computed elsewhere.

Faults. What the notebook does wrong is an `Outcome` in the evidence. What this code or the machine
does wrong is a `GraderFault`; the submission is then not graded, never graded down.
"""

from __future__ import annotations

from grader.execution.request import Progress
from grader.execution.run import Job, OnProgress, execute, no_evidence

__all__ = ["Job", "OnProgress", "Progress", "execute", "no_evidence"]
