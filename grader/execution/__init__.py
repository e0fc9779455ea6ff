"""Running a student's notebook and noting what happened. Theory of operation.

`execute(plan, job) -> Evidence` is the stage; everything below serves it.

* `run` lays out the run, makes its control group, and starts a `driver`: a process of its own
  under limits, which is killed when its time is over. It tells the driver the questions
  (`request`), never an answer, and hears progress and, as the last word, the evidence.
* `workspace` lays out one folder per run: the student's files, the kernel-side package `_pset4/`,
  the kernel's sockets in a short path. `grader.sandbox` shows all but the sockets to the kernel in
  a box, where the host has one: nothing of `grader/`, `reference/` or the expected values is in it.
  What programs read as their settings is left out of the student's files, and the folders that
  they look in lie elsewhere; the work folder can be imported from when `_pset4.start` is done.
* `course_files` answers the URLs that the assignment lists, from the bundle, on sockets that belong
  to the box's network; `names` leads every host there. So `requests`, `urllib`, `wget`, `curl` and
  torch hub all work, over http and https; any other URL is refused at once and named to staff.
* `drivers` starts a driver, by itself or as a fork of a `driver_server` that has imported it.
* `warm_kernels` keeps both fork servers up for many runs. A run that it does not fit, or whose warm
  start fails before the first cell, or whose server ends on the way, is run cold by
  another driver, with a note.
* `places` says where the kernel lives, `kernels` starts and ends it, `client` is nbclient with
  caps. `session` drives it, one cell at a time, each under a hard deadline: interrupt, grace, kill.
  `breaches` are the limits that it reaches, `limit_errors` the exceptions that say so. Stored
  outputs, tags and the kernel that the notebook's metadata asks for are dropped before. The
  notebook as handed in is never written to.
* `notebook_run` takes the steps of the plan. The first request imports `_pset4.start`: seeds,
  declared shims, recorders. From then on the kernel sends evidence as display messages of our own
  MIME type, with this run's nonce, plain JSON facts and raw array bytes in the message's buffers.
  `collector` checks and stores them as `.npy` and `.npz` files; nothing of them reaches the cell's
  outputs. One boundary: `unpacking` turns JSON into plain values (valid Unicode, finite numbers,
  bounded depth) before anything reads it; `messages` bounds each field, `message_arrays` each array
  by kind before it is decoded; counts of runs, steps, predictions and names are those of
  `grader.kernel.bounds`, which the recorders keep to. What is beyond is dropped and noted; no path
  is written twice.
* Probes are asked between cells, right behind the cell that last binds the names they need, because
  notebooks rebind their globals. The plan reads which cell that is; the kernel sees which cell it
  was, however the name was bound (`exec`, `%run`, a module, a class), and `asking` goes by both.
  Each is asked with global state as that cell left it.
* What a cell came to is read off the kernel's reply to it, never off its outputs. `keeping_up`, in
  the kernel, keeps tracebacks short and lets an exit end its cell only.

Trust. Everything that the kernel says is a claim: student code shares its process, can read the
nonce, patch the recorders, forge any message. So a reply is only raw numbers (dtype, shape,
bytes; no pickle, no objects) for inputs drawn on the host from a fresh seed, accepted once, while
it is asked for; what a function left of its arguments comes back with it and is compared with what
was sent. Whatever is worth points of a network is recomputed on the host, from images and trusted
weights, in a process where no student code ever ran; a network with random weights is made again
from where torch's generator stood. Patched libraries, objects that are equal to everything, result
files, saved outputs and claims of success meet no comparison that they could change.

Claims decide what is compared with what: the calls and digests that the recorders report, steps
and their number, which layer a loss was taken of. Where they cannot be borne out, the part waits:
a network that cannot be made again, steps without pictures between them, an objective that rises
behind the last of these only, pictures for different objectives that are alike, a direction that
the image did not follow. So does every check that rests on a claim where a cell names `_pset4`
(`grader/checks/tampering.py`). `docs/evidence.md` says for each part what its points rest on.

What stays possible, and what staff see of it:

* An image or array that was computed elsewhere, or by other code than the cell shows, is handed in
  as the result of an attack, with pictures of a way to it. Its gain and constraint are real, who
  made it is not known. The staff page says when no step was recorded, and how long the run took.
* Probe inputs can be seen by the code that answers them, so a function may be right for inputs that
  look like ours and wrong else; sizes and numbers differ from run to run. What comes back of its
  arguments may be a copy of what was sent: what a function loses that works in place.
* A forbidden helper can be called in ways that neither the source nor the profile shows.
* Code that reaches the recorders without naming them is not noticed by that.
* Isolation shares the host's kernel, and with a GPU its driver. A flaw in either is not held off;
  for a cohort that may try, run the grader in a virtual machine.
* The driver of a root's grader has no box. Before it connects to the kernel it becomes a user of
  its own, who may read any file (Python may lie in root's home) and signal any process (or its end
  would not be the box's), and write to nothing but this run's evidence: a flaw in how it reads
  messages would reach as far. Where there is no control group it stays root, for only root may look
  at how much memory the run takes; so too where results lie on a disk that gives files no owner.
  The driver of another user's grader is that user.
* Boxes that run at the same time see the same read-only files of the system and of Python; by
  locking them (`flock`) two students' notebooks can send each other bits.

Faults. What the notebook does wrong is an `Outcome` in the evidence. What this code or the machine
does wrong is a `GraderFault`; the submission is then not graded, never graded down.
"""

from __future__ import annotations

from grader.execution.request import Progress
from grader.execution.run import Job, OnProgress, execute, no_evidence
from grader.execution.warm_kernels import warm_kernels

__all__ = ["Job", "OnProgress", "Progress", "execute", "no_evidence", "warm_kernels"]
