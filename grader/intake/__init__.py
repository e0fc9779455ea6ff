"""From a zip by a stranger to a `Submission`, or a clear sentence why not."""
