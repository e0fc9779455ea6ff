"""The files of a class: gradebook, Canvas, class page, similarity report."""
