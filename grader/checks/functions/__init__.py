"""Problems 1 to 3: the student's functions, judged by what they return."""
