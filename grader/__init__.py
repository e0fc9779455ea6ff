"""What was submitted: intake, alignment, plan, execution, checks, scoring and reports.

Each stage is one public function from frozen records to a frozen record; `pipeline` is the only
module that strings them together.
"""
