"""Where code by a stranger runs: a box of Linux namespaces, or a process where none can be had.

* `tiers` says what this host can do and what each tier guarantees; it chooses one.
* `box` describes a box as data and writes bubblewrap's command line for it.
* `seccomp` makes the filter of system calls, `cgroups` the group that bounds memory and processes.
* `enter` is the first program inside: it opens the kernel's sockets, opens the course files' and
  hands them out, sets the limits, gives up every privilege and becomes the command.
* `stepping_down` makes root's driver a user of its own once the box is made.
* `launch` starts a command in a box; `boxed` runs one to its end and returns what it said.
* `warm_server` keeps a fork server up in a box of its own: `zygote` imports once and forks, `inner`
  makes a box for each fork; `warm` asks for one, instead of `launch`.
* `provisioner` starts a Jupyter kernel that way.
* `doctor` tries every guarantee on this host from within a box, with `escape_attempts` inside.

Theory of operation. bubblewrap as root with a user namespace maps host uid 0 into the box, and
`/proc/sys` then opens for writing; so root's boxes have no user namespace and `enter` becomes a uid
that no other process has, while an ordinary user's boxes have one, which maps only that user.
Either way no process inside is host uid 0, holds a capability, or can gain one.

A warm kernel is a fork of a process that has the privileges to make boxes, so its own box is made
in C library calls (`inner`), not by bubblewrap: the same namespaces, mounts, limits and filter, in
the same order. The server forks before it reads a request, so what belongs to one run is never in
the memory of another. What cannot be had warm is started cold.
"""
