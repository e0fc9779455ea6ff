"""A whole class: from a folder of submissions to a gradebook, with nothing lost whatever dies.

In the order of the data:

* `collect`: every zip of a folder, whose it is, and which of a student's submissions counts.
* `run`: what is to be run and what is known already (`keys`), workers that are processes of this
  machine or of a Dask cluster (`executors`), and what a worker does (`worker`).
* `store`: the database of every run, finding, grade and decision.
* `exports`: the files of the class.
* `class_run`: the commands `batch`, `score` and `rejudge`; `class_pages` is their last stage,
  `class_folder` tells what a results folder holds.

The coordinator holds few zips at a time, so its memory does not grow with the class. Only it writes
to the store. A submission is done once its row is committed; its results folder, complete, is there
before. So a death at any moment costs what was under way, and no more.
"""
