"""A whole class: from a folder of hand-ins to a gradebook, with nothing lost whatever dies.

`class_run` strings it together:

* `manifest`, `platforms` (`canvas`, `gradescope`, `walking`, `packing`): who handed in what, and
  which of a student's hand-ins counts.
* `keys`: when two runs must give the same, so that one is enough.
* `batch`: what is to be run; keeps what comes back, in `grader.store` and the results folders.
* `dispatch` keeps the workers busy, `executors` are processes of this machine or a Dask cluster;
  `preflight`, then `task`, is what a worker does, `worker` what it keeps from one to the next.
* `settle`: points as they stand today, with what people decided; `pages` shows them.
* `exports`: `gradebook`, `class_page` (`class_view`, `distribution`, `common_faults`,
  `class_plots`), and `similarity` (`code_samples`, `fingerprints`, `similarity_page`).

The coordinator holds few zips at a time, so its memory does not grow with the class. Only it writes
to the store. A submission is done once its row is committed; its results folder, complete, is there
before. So a death at any moment costs what was under way, and no more.
"""
